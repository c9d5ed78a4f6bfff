"""Commands to jobs, and the dialogs that ask before some of them."""
