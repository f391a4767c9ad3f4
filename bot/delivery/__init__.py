"""What stands between a finished reply and a platform: splitting, markup, streaming by edits."""
