"""Records and the rows that a feature computes from them, held as a test of both engines."""
