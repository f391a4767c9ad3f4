"""The edges: platform adapters and the command line. They translate and deliver, nothing else."""
