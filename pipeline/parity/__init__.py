"""Parity of a live feature: the same expression on DuckDB, compared with the sink topic."""
