"""What the screens are made of; widgets see the pipeline's records and frozen views, no more."""
