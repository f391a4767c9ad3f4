"""A language model trained from a folder of text alone: tokenizer, corpus, pretraining, scaling ladder."""
