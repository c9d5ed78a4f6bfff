"""The records of any topic: the screen, the topic picker and the time dialog."""
