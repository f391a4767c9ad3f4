"""Files and pages in, passages stored."""
