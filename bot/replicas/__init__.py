"""Gateways and cores as processes of their own: leases of tokens, and messages carried to cores over HTTP."""
