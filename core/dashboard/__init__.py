"""The dashboard's core: who may sign in, sessions, the record of changes, and what its screens read."""
