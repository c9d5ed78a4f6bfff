"""Proof that a live feature is right: the same expression on DuckDB, compared with the sink."""
