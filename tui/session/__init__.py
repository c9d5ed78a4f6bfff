"""One stack as the console sees it: what is drawn of it, and what is asked of it."""
