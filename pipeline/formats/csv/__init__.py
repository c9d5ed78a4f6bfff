"""Records in CSV."""
