"""Webhooks: events of a space delivered to addresses that its moderators named, signed, at least once."""
