"""Index sets in files: what ``splits export`` writes, ``splits import`` and suites read."""
