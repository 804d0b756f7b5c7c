"""Models: what is trained on the labeled set."""
