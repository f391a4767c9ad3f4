"""Chat platforms: each adapter turns events into messages for the core, and replies into requests."""
