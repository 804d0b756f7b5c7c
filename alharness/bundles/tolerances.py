"""How far a unit that is computed again may be from its record, by kind."""

from __future__ import annotations

from types import MappingProxyType

TOLERANCES = MappingProxyType({"trial": 0.05, "evaluation": 0.05, "query": 0.1})
"""TO BE MEASURED."""
