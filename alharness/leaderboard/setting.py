"""A scenario's setting in words: what is trained on, how samplers are asked, what is lacking."""

from __future__ import annotations

from collections.abc import Iterator

from alharness.protocol.units.representation import NOT_VERIFIABLE
from alharness.results.document import Scenario
from alharness.results.setting import NotApplicable, Querying, Representation
from alharness.statistics.chance import at_chance

_WARM = "after cycle 0 a training goes on from the weights that its run chose in the cycle before"

NOT_APPLICABLE = "not applicable"
"""What stands in the place of a verdict."""


def titled(name: str, representation: Representation | None) -> str:
    """A scenario's name with what it is trained on, where that is no images."""
    return name if representation is None else f"{name}, on {features(representation)}"


def features(one: Representation) -> str:
    """``efficientnet-lite0 (1280 features, float32)``, and that their order is not verifiable."""
    many = "features" if one.width is None else f"{one.width} features"
    order = "; order not verifiable" if one.order == NOT_VERIFIABLE else ""
    return f"{one.label} ({many}, {one.precision}{order})"


def facts(scenario: Scenario) -> Iterator[tuple[str, str]]:
    """Names and values; nothing where the document does not say."""
    shown, asked = scenario.representation, scenario.querying
    if scenario.replay is not None:
        yield "replays", f"the labeled sets of {scenario.replay}"
    if shown is not None:
        yield "trained on", features(shown)
        if shown.order is not None:
            yield "order of the features", shown.order
        if shown.digest is not None:
            yield "training features", shown.digest
    if asked is not None:
        yield "samplers see", pool(asked)
        yield "samplers ask", asked.model
    if scenario.warm_start:
        yield "warm start", _WARM


def pool(asked: Querying) -> str:
    """What of the pool samplers are shown."""
    if asked.pool_subset is None:
        return "all unlabeled images"
    return f"{asked.pool_subset} unlabeled images, drawn at random, or all where there are fewer"


def sentences(scenario: Scenario) -> list[str]:
    """What is trained on and how samplers are asked; nothing where the document does not say."""
    shown, asked = scenario.representation, scenario.querying
    told = [] if shown is None else [f"Trained on {features(shown)}."]
    if scenario.replay is not None:
        told.append(
            f"Transfer: run by run it replays the labeled sets that {scenario.replay} queried, and "
            "queries nothing itself. All models are trained plainly, without training extensions."
        )
    if asked is not None:
        told.append(f"Samplers see {pool(asked)}, and ask {asked.model}.")
    if scenario.warm_start:
        told.append(f"Warm start: {_WARM}.")
    return told


def caveats(scenario: Scenario) -> list[str]:
    """Whether nobody knows whose features are whose, and which methods are not applicable."""
    shown, lacking = scenario.representation, scenario.not_applicable or ()
    told = [] if shown is None else _order(shown)
    if lacking:
        told.append(f"Not applicable, and so not run: {', '.join(map(named, lacking))}.")
    return told


def _order(shown: Representation) -> list[str]:
    """Nothing, unless nobody can tell whose each row of features is."""
    if shown.order != NOT_VERIFIABLE:
        return []
    lines = [
        f"Order not verifiable: nothing tells that the features of {shown.label} are in the order "
        "of the images. Every row rests on it."
    ]
    probe = shown.probe
    if probe is not None and at_chance(probe.accuracy, probe.chance, probe.n):
        lines.append(
            f"Warning: a linear probe of these features has {100 * probe.accuracy:.1f} % on "
            f"{probe.n} labeled images, no more than chance ({100 * probe.chance:.1f} %): they are "
            "hardly those of these images, or in another order."
        )
    return lines


def named(one: NotApplicable) -> str:
    """``bald (no dropout: mlp:dropout=0.0 has none)``."""
    return f"{one.method} ({one.reason})"
