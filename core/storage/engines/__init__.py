"""What differs between databases: connections, transactions, and SQL that each spells its own way; one module each."""
