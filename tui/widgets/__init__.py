"""Widgets shared by screens; they only know the pipeline's records and frozen views."""
