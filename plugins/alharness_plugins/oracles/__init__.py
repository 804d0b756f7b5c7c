"""Oracles: who labels what was picked."""
