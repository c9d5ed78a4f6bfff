"""Talking to Kafka: topics, records, one batched consumer, one producer."""
