"""Everything AION offers over HTTP: one application, to which each router adds its own paths."""
