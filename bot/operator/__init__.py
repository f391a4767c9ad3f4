"""What the operator's commands do, under the names that ``bot.cli`` gives them."""
