"""Plugins: what they may implement, finding them, and handing out what they register.

A plugin never stops another one from being found: what cannot be used is kept
as a BrokenPlugin with its reason, and is fatal only to a command that needs it.
"""

from alharness.registry.catalog import Registry
from alharness.registry.discovery import discover
from alharness.registry.registered import (
    BrokenPlugin,
    Provenance,
    Registered,
    RegisteredSuite,
)

__all__ = [
    "BrokenPlugin",
    "Provenance",
    "Registered",
    "RegisteredSuite",
    "Registry",
    "discover",
]
