"""Diagnostics of ``aion doctor``: each problem with its fix."""
