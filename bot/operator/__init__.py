"""The work of each ``aion`` subcommand, in the module or package of its name (its options are in ``bot.cli``)."""
