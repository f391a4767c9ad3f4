"""Writing answers: prompts, the local model, providers, grounding checks and the answer cache."""
