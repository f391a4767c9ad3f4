"""Curation: finding, fetching, judging and watching web pages for a space, and teaching from chat messages."""
