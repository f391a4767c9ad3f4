"""Hybrid search over a space: dense and lexical candidates, fused, reranked and diversified; and text analysis."""
