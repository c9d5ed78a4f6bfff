"""Tests of `pipeline.holding`."""
