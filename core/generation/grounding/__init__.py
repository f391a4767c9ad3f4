"""Whether a written answer stands in its passages, and answers quoted from them."""
