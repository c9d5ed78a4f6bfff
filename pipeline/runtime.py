"""Composes the parts of the pipeline for one profile: start, status, stop."""
