"""The panel Jobs: the feature jobs, and the progress of a start."""
