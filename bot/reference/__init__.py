"""The reference pages of ``docs/``, made of the code: settings, the command line, the commands of the chat.

``python -m bot.reference`` writes them anew; a test compares them with what the code says.
"""
