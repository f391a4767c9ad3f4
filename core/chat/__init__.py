"""Conversations, free channels, rate limits, the fair queue and notices, independent of any platform."""
