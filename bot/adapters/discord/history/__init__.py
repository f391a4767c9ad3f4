"""What was said in channels while AION did not listen: between sessions, and before a channel was watched."""
