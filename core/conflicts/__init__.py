"""Passages that contradict each other, and answers from what is old: found, dated, settled by a moderator."""
