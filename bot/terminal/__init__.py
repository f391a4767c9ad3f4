"""What every command of the terminal shares: language, output, and opening AION."""
