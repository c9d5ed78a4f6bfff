"""Threads that read topics into frozen snapshots; the only importer of pipeline.kafka."""
