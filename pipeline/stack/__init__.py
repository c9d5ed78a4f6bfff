"""A profile's environment: where its parts are, how they start, stop and how they are."""
