"""What happened in a channel: its decisions, answers, links and what was said, with links to the messages."""
