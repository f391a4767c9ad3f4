"""AION's retrieval beside other people's, on the same documents, with the same embedder."""
