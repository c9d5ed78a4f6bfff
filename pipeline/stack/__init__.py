"""A profile's environment: its endpoints, and how its parts are started, stopped and checked."""
