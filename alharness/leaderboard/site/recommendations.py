"""Which of the paper's six recommendations results meet (Munjal et al., 2022, section 7).

Told from documents alone, and cautiously: what a document does not show is not claimed.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from alharness.leaderboard.site.board import Entry, Result
from alharness.results.document import Component

_STRONG = ("randaugment", "swa")
_OURS = "alharness"


class Answer(StrEnum):
    """Whether a recommendation is met."""

    MET = "met"
    PARTLY = "partly"
    NOT_MET = "not met"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True)
class Recommendation:
    """A recommendation, and what results say of it. number: as in the paper, (i) to (vi)."""

    number: str
    title: str
    answer: Answer
    why: str


def recommendations(results: Sequence[Result]) -> tuple[Recommendation, ...]:
    """What results, of one method or of several, say of each recommendation.

    Outdated rows do not count. Without any row that does, nothing can be told.
    """
    current = [one for one in results if not one.method.outdated]
    entries = list({one.entry.path: one.entry for one in current}.values())
    found: list[Recommendation] = []
    for number, title, rule in _RULES:
        answer, why = rule(entries) if entries else (Answer.CANNOT_TELL, "No results of today.")
        found.append(Recommendation(number, title, answer, why))
    return tuple(found)


def _varied_settings(entries: Sequence[Entry]) -> tuple[Answer, str]:
    """(i) Several architectures and several budget sizes."""
    budgets = len({_queried(entry) for entry in entries})
    models = _known(entries, "model")
    if models is None:
        return Answer.CANNOT_TELL, "A document does not say which models were trained."
    said = f"{_counted(len(models), 'architecture')} and {_counted(budgets, 'budget size')}."
    if len(models) > 1 and budgets > 1:
        return Answer.MET, said
    return (Answer.PARTLY if len(models) > 1 or budgets > 1 else Answer.NOT_MET), said


def _strong_regularization(entries: Sequence[Entry]) -> tuple[Answer, str]:
    """(ii) RandAugment and SWA, for the reference as for the method."""
    used = [_strong(entry) for entry in entries]
    if any(len(one) == len(_STRONG) for one in used):
        return Answer.MET, "Compared with a reference under RandAugment and SWA."
    if any(used):
        names = ", ".join(sorted(set().union(*used)))
        return Answer.PARTLY, f"Compared with a reference under {names} alone."
    if _known(entries, "regularizer") is None:
        return Answer.CANNOT_TELL, "A document does not say which regularizers were used."
    foreign = sorted(
        {
            one.label
            for entry in entries
            for one in entry.scenario.plugins("regularizer")
            if one.distribution != _OURS
        }
    )
    if foreign:
        return Answer.CANNOT_TELL, f"How strong {', '.join(foreign)} is, a document does not say."
    return Answer.NOT_MET, "Neither RandAugment nor SWA."


def _transfer(entries: Sequence[Entry]) -> tuple[Answer, str]:
    """(iii) Sets queried with one architecture train another one."""
    if any(_replays(entry) for entry in entries):
        return Answer.MET, "A scenario trains on the sets that another one queried."
    if any(entry.document.suite.declaration is None for entry in entries):
        return Answer.CANNOT_TELL, "A document does not hold what its suite declares."
    return Answer.NOT_MET, "No scenario trains on the sets that another one queried."


def _common_platform(entries: Sequence[Entry]) -> tuple[Answer, str]:
    """(iv) One platform, and consistent settings."""
    kinds = [entry.scenario.machines for entry in entries]
    shared = "Each scenario's methods share splits, tuning and tests under one protocol digest"
    if any(machines is None or any(one.machine is None for one in machines) for machines in kinds):
        return Answer.PARTLY, f"{shared}; not all machines are known."
    if any(len(machines or ()) > 1 for machines in kinds):
        return Answer.PARTLY, f"{shared}; trainings ran on several kinds of machines."
    return Answer.MET, f"{shared}, on one kind of machine."


def _snapshot(entries: Sequence[Entry]) -> tuple[Answer, str]:
    """(v) A snapshot of the settings."""
    if all(entry.document.suite.declaration is not None for entry in entries):
        return Answer.MET, "The document holds all that the suite declares, under its digest."
    return Answer.NOT_MET, "A document does not hold what its suite declares."


def _index_sets(entries: Sequence[Entry]) -> tuple[Answer, str]:
    """(vi) Index sets of training, validation, test and queried images."""
    del entries
    return (
        Answer.CANNOT_TELL,
        "A document names queries by their keys; the sets themselves lie in the workspace.",
    )


_Rule = Callable[[Sequence[Entry]], tuple[Answer, str]]
_RULES: tuple[tuple[str, str, _Rule], ...] = (
    ("i", "Varied settings", _varied_settings),
    ("ii", "Strong regularization", _strong_regularization),
    ("iii", "Transfer", _transfer),
    ("iv", "Common platform", _common_platform),
    ("v", "Snapshot of settings", _snapshot),
    ("vi", "Index sets", _index_sets),
)


def _known(entries: Iterable[Entry], kind: str) -> set[tuple[str, str]] | None:
    """The plugins of a kind, by distribution and name; None where a document does not say."""
    found: set[tuple[str, str]] = set()
    for entry in entries:
        if entry.scenario.components is None:
            return None
        found |= {_identity(one) for one in entry.scenario.plugins(kind)}
    return found


def _identity(one: Component) -> tuple[str, str]:
    return one.distribution, one.name


def _queried(entry: Entry) -> tuple[object, ...]:
    """How much is queried at a time, as a share of the training images where these are known."""
    labels, n_images = entry.scenario.labels, entry.scenario.n_images
    steps = [after - before for before, after in itertools.pairwise(labels)]
    return tuple(round(step / n_images, 2) if n_images else step for step in steps[:1])


def _strong(entry: Entry) -> set[str]:
    names = {one.name for one in entry.scenario.plugins("regularizer") if one.distribution == _OURS}
    return names & set(_STRONG)


def _replays(entry: Entry) -> bool:
    """Whether its labeled sets come from a scenario that its declaration has with another model."""
    declared = (entry.document.suite.declaration or {}).get("scenarios")
    scenarios = declared if isinstance(declared, list) else []
    models = {one["name"]: one.get("model") for one in scenarios if isinstance(one, dict)}
    own, source = entry.scenario.scenario, entry.scenario.replay
    return source in models and models.get(own) != models[source]


def _counted(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"
