"""The commands over what a space was taught: what it holds, where that comes from, and what it lacks."""
