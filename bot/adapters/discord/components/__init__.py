"""What is under and in messages: buttons, menus, and cards, whose state is in their ids."""
