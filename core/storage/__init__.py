"""The database: spaces, documents, answers, ratings. Every read names a space."""
