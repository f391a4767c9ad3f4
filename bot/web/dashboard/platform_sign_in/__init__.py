"""Signing in to the dashboard by one's account on a chat platform, where the operator configured that."""
