"""``aion train``: training data, LoRA weights, reward models and cost plans, one module for each subcommand."""
