"""The feature jobs, and the start that brings them up."""
