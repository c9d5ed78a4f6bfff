"""What a topic holds, and the declaration of a source that fits it."""
