"""What people say to each other: replies that teach, and edits and deletions of what was learned."""
