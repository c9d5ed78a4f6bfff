"""From topics to frozen snapshots, in threads of their own; the only importer of pipeline.kafka."""
