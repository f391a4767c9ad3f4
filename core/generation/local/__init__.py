"""The local model: engines, batching, sampling, and the LoRA version in use."""
