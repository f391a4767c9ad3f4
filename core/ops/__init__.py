"""Running AION: the machines behind it, and who hears when something happens to one."""
