"""The subcommands over what a space was taught; ``bot.operator.knowledge`` carries them out."""
