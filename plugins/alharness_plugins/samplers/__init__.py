"""Samplers: which images to label next."""
