"""Making documents of files and pages, moderators' review of proposed ones, re-embedding, and the map of a space."""
