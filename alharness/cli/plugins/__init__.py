"""``alharness plugins``."""
