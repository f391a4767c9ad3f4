"""Reading one kind of file each: from its bytes or its text to Markdown. Nothing in a file is run or fetched."""
