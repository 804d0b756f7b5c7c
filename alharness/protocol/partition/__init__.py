"""Partition: which images are labeled first, queried in which numbers, and validated on."""
