"""Training LoRA weights on ratings: data export, SFT, KTO, PPO, reward models, checkpoints, comparison, promotion."""
