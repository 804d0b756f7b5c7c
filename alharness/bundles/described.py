"""Plugins as a document describes them, held against what records identify."""

from __future__ import annotations

from dataclasses import replace

from alharness.api.errors import MismatchError
from alharness.protocol.components import Component
from alharness.protocol.units import Identity
from alharness.results import document as documents


def mismatch(what: str, where: str) -> MismatchError:
    """A document that does not follow from the records."""
    return MismatchError(what, where=where)


def component_of(described: documents.Component, identity: Identity) -> Component:
    """A plugin as records identify it, and as the document describes it.

    Raises MismatchError when these are not one.
    """
    said = (described.name, described.source, described.fingerprint or "")
    if said != (identity.name, identity.source, identity.fingerprint):
        raise mismatch(
            f"its {described.kind} '{described.name}' is not that of its records", "document"
        )
    parameters = described.parameters or {}
    for name, value in identity.parameters.items():
        if name not in parameters or parameters[name] != value:
            raise mismatch(
                f"parameter '{name}' of its {described.kind} '{described.name}' is not that of "
                "its records",
                "document",
            )
    return replace(
        alone(described), parameters=dict(identity.parameters), files=dict(identity.files)
    )


def alone(described: documents.Component) -> Component:
    """A plugin as the document describes it; records do not name it."""
    return Component(
        kind=described.kind,
        name=described.name,
        parameters=dict(described.parameters or {}),
        source=described.source,
        plugin="",
        distribution=described.distribution,
        version=described.version,
        label=described.label,
        fingerprint=described.fingerprint or "",
    )
