"""Free and paid APIs: catalogue, client, router, quotas and cooldowns."""
