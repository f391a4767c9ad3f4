"""Learning from thumbs: training data, losses, runs that survive being killed, and what is promoted."""
