"""One stack as the console sees it: the view that screens draw, and the commands to the stack."""
