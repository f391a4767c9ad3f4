"""One file per command family; each has ``register(registry)``, the same door third parties use."""
