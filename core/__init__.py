"""The shared core: retrieval, the confidence gate, generation and storage. Knows no platform."""
