"""The work of the subcommands over what a space was taught, in the module of their name."""
