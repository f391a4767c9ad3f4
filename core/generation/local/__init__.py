"""The local model: engines (llama.cpp, transformers, remote), batching, sampling, and LoRA versions."""
