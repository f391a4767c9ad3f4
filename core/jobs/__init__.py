"""Jobs that run by themselves: schedule, what they do, and how they went."""
