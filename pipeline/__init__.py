"""Streaming fraud features with Ibis on Flink and Kafka; usable without the console."""

import logging

# Without a handler Python writes warnings to stderr, into whatever screen is there.
logging.getLogger("pipeline").addHandler(logging.NullHandler())
