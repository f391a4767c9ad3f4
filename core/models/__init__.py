"""Which models there are, how each is reached, converted and cached."""
