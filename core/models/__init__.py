"""Models: the catalogue, loading, conversion and caching, model formats, LoRA weights and their registry."""
