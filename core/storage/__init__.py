"""The database: one module for each kind of record. Every read on behalf of a person names a space."""
