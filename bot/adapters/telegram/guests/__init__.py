"""Guest mode: answers in chats that the bot is no member of."""
