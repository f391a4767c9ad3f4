"""The network of the specification (chapters 1.1-1.3, 1.5 and 2): a decoder with rotary positions and expert layers."""
