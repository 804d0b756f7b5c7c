"""Representations of a bench that is built again from its document and its records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from alharness.bundles.described import component_of, mismatch
from alharness.bundles.held import Held
from alharness.protocol.components import Component
from alharness.protocol.units import Network, QueryInputs, RepresentationInputs
from alharness.results import document as documents


def representation_of(
    described: Mapping[str, documents.Component], network: Network, where: str
) -> Component | None:
    """What models are trained on instead of images, as the document and the records say alike."""
    told = described.get("representation")
    if told is None and network.representation is None:
        return None
    if told is None or network.representation is None:
        raise mismatch("is trained on something else than its records", where)
    return component_of(told, network.representation)


def own_representations(
    queries: Iterable[QueryInputs], held: Held
) -> Iterator[tuple[str, Component]]:
    """Those that samplers ask for by name; here under the key of the unit that computed them.

    What its author says of one is in no document: its identity is all that keys need.
    """
    for key in dict.fromkeys(query.own_features for query in queries):
        if key is None:
            continue
        record = held.record("representation", key)
        if record is None or not isinstance(record.unit.inputs, RepresentationInputs):
            raise mismatch("its record is not there", f"representation {key}")
        identity = record.unit.inputs.representation
        yield (
            key,
            Component(
                kind="representation",
                name=identity.name,
                parameters=identity.parameters,
                source=identity.source,
                plugin="",
                distribution="",
                version="",
                label=identity.name,
                files=identity.files,
                fingerprint=identity.fingerprint,
            ),
        )
