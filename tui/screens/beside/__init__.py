"""A second signal beside the first, and which of them is the live one."""
