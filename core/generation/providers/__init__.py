"""Providers, free and paid chat completion APIs: catalogue, client, router, quota ledger and cooldowns."""
