"""Kafka: clients, topics, offsets, records, a batch consumer and a producer."""
