"""Distributions that have nothing to do with alharness, and whose metadata is broken.

pydantic, PyTorch and MLflow each ask for the entry points of every installed distribution when
they are imported. One ``entry_points.txt`` that is not UTF-8, or not what it should be, then ends
every program. Imported before they are, this module makes such a distribution one without entry
points; what can be read is read as ever. ``alharness.registry.discovery`` reads those of plugins
itself, and names what is wrong.
"""

from __future__ import annotations

from importlib.metadata import Distribution, EntryPoints


def bear_with_strangers() -> None:
    """Let ``importlib.metadata`` go on where it would raise; a second call does nothing."""
    read = Distribution.entry_points
    if not isinstance(read, property) or getattr(read.fget, "bears_with_strangers", False):
        return
    original = read.fget
    assert original is not None

    def entry_points(distribution: Distribution) -> EntryPoints:
        try:
            found: EntryPoints = original(distribution)
        except Exception:
            return EntryPoints(())
        return found

    entry_points.bears_with_strangers = True
    Distribution.entry_points = property(entry_points)


bear_with_strangers()
