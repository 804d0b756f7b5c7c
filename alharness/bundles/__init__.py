"""Bundles: what a bench found and computed, packed for others, checked, verified, taken over."""
