"""Other programs that ask AION: their tokens, each bound to one space, and what they are answered."""
