"""Commands beside a running AION: handed to it over a socket in its data folder, which its owner alone can open."""
