"""Dense and lexical search over a space, fused, diversified."""
