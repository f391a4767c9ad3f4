"""Writing answers: prompts, the local model, providers, and the check that passages carry them."""
