"""Backups of a data folder: one point in time of all that cannot be made again, as one archive, and its restoration."""
