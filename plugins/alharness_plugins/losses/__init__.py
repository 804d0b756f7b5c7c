"""Losses: what a training minimizes."""
