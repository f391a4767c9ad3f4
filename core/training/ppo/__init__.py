"""Proximal policy optimisation of LoRA weights: the policy, the experience it learns from, and the update steps."""
