"""Reading: the first hits of a search are read for the question and ranked anew."""
