"""A conversation's turns, limits, queues and notices, independent of any platform."""
