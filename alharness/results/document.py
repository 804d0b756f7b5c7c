"""The document of a bench: what was benched, what came out, and what the statistics say of it.

It is all that tables, reports and pages are made of: read back, it needs no plugin, no dataset and
no suite. ``docs/results.md`` says the same for people.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, model_validator

from alharness.api.space import Value
from alharness.protocol.keys import digest, digest_bytes
from alharness.results.companions import Importance, Overlap, Shares, Times, TrainedOn
from alharness.results.part import Part
from alharness.results.published import Published
from alharness.results.setting import FirstSets, NotApplicable, Querying, Representation
from alharness.statistics import Comparison, FamilyDecision, LookDecision, PaperChain, Point

SCHEMA: Final = 3
"""The version of the documents that are written. Older ones are migrated when they are read."""

PerRun: TypeAlias = tuple[tuple[float | None, ...], ...]
"""A number for each run: (initial sets, seeds), None where there is none."""
PerCycle: TypeAlias = tuple[tuple[tuple[float | None, ...], ...], ...]
"""A number for each cycle of each run: (initial sets, seeds, cycles), None where there is none."""
PerClass: TypeAlias = tuple[tuple[tuple[tuple[float | None, ...], ...], ...], ...]
"""A number for each class, of each cycle of each run: (initial sets, seeds, cycles, classes)."""


METRICS = ("balanced_accuracy", "nll", "brier", "calibration_error", "auroc")
"""The numbers beside accuracy that a method has for each cycle of each run."""


class Component(Part):
    """A plugin as it was used.

    kind: ``sampler``, ``dataset``, ``model``, ``regularizer``, ``oracle``, …
    label: the suite's spelling, with the parameters that differ from their defaults.
    parameters: all of them. source: digest of the plugin's package files, or the version that
    its author declared to stand for them. fingerprint: of what it reads besides, such as a file.
    """

    kind: str
    label: str
    name: str
    parameters: dict[str, Any] | None
    distribution: str
    version: str
    source: str
    fingerprint: str | None


class Suite(Part):
    """The suite. ``declaration`` is everything it says, as JSON; ``digest`` is the digest of that.

    Not the suite's file: defaults and named sets are written out, and a ``--plugin`` is in it.
    """

    name: str
    version: int
    title: str | None
    digest: str
    declaration: dict[str, Any] | None

    def number(self, table: str, key: str) -> int | None:
        """A whole number that a table of it declares; None where it does not say."""
        value = self.table(table).get(key)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def table(self, name: str) -> dict[str, Any]:
        """A table that it declares, by its dotted name; empty where it has none."""
        found: Any = self.declaration
        for part in name.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        return found if isinstance(found, dict) else {}

    @model_validator(mode="after")
    def _declared(self) -> Suite:
        if self.declaration is not None and digest(self.declaration) != self.digest:
            raise ValueError("the suite's declaration has another digest")
        return self


class Cycle(Part):
    """What a cycle of a run came to: keys of its chosen trial and of its query.

    hyperparameters: those that the chosen trial was trained with. query: None in the last cycle,
    and where there is none yet.
    """

    trial: str
    hyperparameters: dict[str, Value]
    query: str | None


class Run(Part):
    """One (scenario, sampler, initial set, seed). ``cycles`` are those that have a chosen trial.

    name: for people, ``digits-small-cnn/margin/0/0``.
    """

    name: str
    initial_set: int
    seed: int
    state: Literal["done", "ready", "waiting", "failed", "blocked"]
    cycles: tuple[Cycle, ...] | None


class Origin(Part):
    """Who computed how many units of a row.

    bundle: the identity of the bundle that their records were taken over from; None for those
    computed in the workspace that the document is of.
    """

    bundle: str | None
    units: int


class Method(Part):
    """What one method reached in a scenario.

    method: the sampler's label, by which everything else refers to it.
    sees_labels: it is shown the hidden labels: an upper bound, never ranked, without a verdict.
    accuracy, balanced_accuracy, nll (nats), brier, calibration_error, auroc, class_accuracy: on
        the test images, as ``alharness.statistics.Metrics`` defines them. But for accuracy, None
        when no evaluation of the method has it.
    labels_spent: labels with which a run reached the accuracy at which the suite stops.
    annotation_cost: of a run's queried labels so far, in the oracle's unit.
    trainings: how many trainings its runs are made of: tunings, seeds, committees.
    outdated: why this row of an earlier document no longer follows from the workspace's records;
        it stands as it was, and is neither tested nor counted. None for every other row.
    citation, summary: of its plugin; None where it gives none.
    recorded: the first and the last day (UTC) on which units of its runs were computed; None
        where no record tells its day.
    machines: its trainings by the kind of machine that they ran on, most first.
    looked_at: whether further seeds were run of it only while its looks did not stop it
        (``alharness.statistics.looks``).
    origins: who computed the units of its runs, most first.
    co_trained: whether its task models were trained together with the sampler's training extension,
        and so otherwise than those of other rows.
    Early documents of schema 3 have none of the last seven.
    """

    method: str
    sampler: Component
    sees_labels: bool
    runs: tuple[Run, ...]
    accuracy: PerCycle
    balanced_accuracy: PerCycle | None
    nll: PerCycle | None
    brier: PerCycle | None
    calibration_error: PerCycle | None
    auroc: PerCycle | None
    class_accuracy: PerClass | None
    labels_spent: PerRun
    annotation_cost: PerRun
    trainings: int
    outdated: str | None
    citation: str | None = None
    summary: str | None = None
    recorded: tuple[date, date] | None = None
    machines: tuple[TrainedOn, ...] | None = None
    looked_at: bool = False
    origins: tuple[Origin, ...] | None = None
    co_trained: bool | None = None


class RepeatedImages(Part):
    """Test images whose pixels are those of a training image.

    ``n`` of ``n_test`` test images; ``examples``: a training image and the test image, by name.
    """

    n: int
    n_test: int
    examples: tuple[tuple[str, str], ...]


class Member(Part):
    """A method of the family that has no row in the document.

    method: its label. Several of one label are several versions of its plugin.
    p_value: that of its verdict against the same reference, not adjusted; None where it is not
        known, which counts as 1.
    """

    method: str
    p_value: float | None


class Family(Part):
    """Every method, but references, ever recorded in the workspace under a protocol digest.

    others: those beside the methods of the document that have results. narrowed_to: the labels
    that the reader narrowed it to, None for all of it.
    """

    others: tuple[Member, ...]
    narrowed_to: tuple[str, ...] | None


class Endpoint(Part):
    """What the suite declares that verdicts are on: the area under the curve of ``metric``.

    margin: in the metric's own unit; methods that differ by less are as good as equal.
    """

    metric: Literal["accuracy", "balanced_accuracy", "nll", "brier", "calibration_error", "auroc"]
    margin: float = Field(gt=0)


DEFAULT_ENDPOINT = Endpoint(metric="accuracy", margin=0.01)
"""Of a suite that declares none."""


class Scenario(Part):
    """One experimental condition, and what each method reached in it.

    components: its plugins, but the samplers.
    protocol_digest: results whose protocol digests differ are never ranked together.
    labels: labeled images at each cycle. n_validation: labels spent on validation beside them.
    n_train: all training images. n_left_out: those of them that are in no set; the others are
        labeled, pool and validation.
    n_held_out: those of the images of the pool that no query picks from, for upper bounds.
    train_digest, test_digest: of the images with their labels.
    repeated_images: test images that are training images too, None where nobody looked.
    tuning: what has a tuning of its own: each initial set, or only the first, whose
        hyper-parameters all share; ``fixed`` where each hyper-parameter has one value. None where
        the document does not say.
    space: the hyper-parameters that were tuned, those of the regularizers among them.
    stop_at_accuracy: the validation accuracy that ends a run, or None.
    reference: the method that all others are compared with.
    family: what a family-wise decision counts. None where the document does not say.
    shared_trainings: how many trainings are the same for all methods.
    machines: the trainings of all methods, each once, by the kind of machine that they ran on,
        most first. None where the document does not say.
    endpoint: what verdicts, marks and family-wise decisions are on.
    published: the published tables that its suite holds it against. None where the document does
        not say.
    overlap: of what the methods queried; None towards a method that is outdated, and for a scenario
        that queries nothing, since it replays another one.
    times: for each method on each kind of machine.
    importance: of the hyper-parameters at each cycle; None where too few settings were tried, and
        where all did equally well.
    representation: what models are trained on; None where that is images.
    querying: how samplers are asked. None where the document does not say.
    not_applicable: methods that have no runs, and so no row among ``methods``, with what the
        scenario lacks. None where the document does not say.
    first_sets: what the runs of each method started from, where samplers chose that; None where it
        was drawn.
    warm_start: the trainings of a cycle started from the weights that their run chose in the one
        before; where it is false, each started from an initialization.
    replay: the scenario whose labeled sets it trains on, run by run, and that its methods queried
        in; None where they were queried in itself.
    Early documents of schema 3 have neither ``machines`` nor what stands below it:
        None, or the endpoint of all suites then.
    """

    scenario: str
    protocol_digest: str
    components: tuple[Component, ...] | None
    train_digest: str | None
    test_digest: str | None
    repeated_images: RepeatedImages | None
    n_train: int | None
    n_classes: int | None
    n_validation: int
    labels: tuple[int, ...]
    tuning: Literal["per-initial-set", "first-initial-set", "fixed"] | None
    space: dict[str, Any] | None
    stop_at_accuracy: float | None
    reference: str
    methods: tuple[Method, ...]
    family: Family | None
    shared_trainings: int | None
    machines: tuple[TrainedOn, ...] | None = None
    endpoint: Endpoint = DEFAULT_ENDPOINT
    published: tuple[Published, ...] | None = None
    overlap: Overlap | None = None
    times: tuple[Times, ...] | None = None
    importance: tuple[Importance | None, ...] | None = None
    representation: Representation | None = None
    querying: Querying | None = None
    not_applicable: tuple[NotApplicable, ...] | None = None
    n_left_out: int = Field(default=0, ge=0)
    n_held_out: int = Field(default=0, ge=0)
    first_sets: tuple[FirstSets, ...] | None = None
    warm_start: bool = False
    replay: str | None = None

    @property
    def first_tested(self) -> int:
        """The first cycle that is tested: cycle 0 only where methods differ there."""
        return 1 if self.first_sets is None else 0

    @property
    def n_images(self) -> int | None:
        """How many training images are in some set: what numbers of labels are shares of."""
        return None if self.n_train is None else self.n_train - self.n_left_out

    def plugins(self, kind: str) -> tuple[Component, ...]:
        """Its plugins of a kind; none where the document does not say."""
        return tuple(one for one in self.components or () if one.kind == kind)

    @model_validator(mode="after")
    def _some_images_are_in_a_set(self) -> Scenario:
        if self.n_train is not None and self.n_left_out >= self.n_train > 0:
            raise ValueError(f"{self.n_left_out} of {self.n_train} training images are left out")
        return self

    @model_validator(mode="after")
    def _shapes_agree(self) -> Scenario:
        labels = [method.method for method in self.methods]
        if self.reference not in labels or len(set(labels)) < len(labels):
            raise ValueError("the methods are not distinct, or the reference is not among them")
        shape = numbers(self.methods[0].accuracy).shape
        for method in self.methods:
            for name, values in _tables(method):
                if values.shape[:3] != shape[: values.ndim]:
                    raise ValueError(f"{name} of '{method.method}' has another shape than accuracy")
        if len(shape) != 3 or shape[2] != len(self.labels):
            raise ValueError(f"accuracies of shape {shape}, but {len(self.labels)} cycles")
        without = [one.method for one in self.not_applicable or ()]
        if len({*labels, *without}) < len(labels) + len(without):
            raise ValueError("a method that is not applicable has a row, or is there twice")
        return self

    @model_validator(mode="after")
    def _companions_agree(self) -> Scenario:
        labels = {method.method for method in self.methods}
        if self.overlap is not None:
            for name, shares in (("first", self.overlap.first), ("all", self.overlap.all)):
                if numbers(shares).shape != (len(labels), len(labels)):
                    raise ValueError(f"the overlap ({name}) is not of {len(labels)} methods")
        for one in self.times or ():
            if one.method not in labels or len(one.queries) != len(self.labels) - 1:
                raise ValueError(f"times of '{one.method}' are not of a method and its queries")
        for first in self.first_sets or ():
            if first.method not in labels:
                raise ValueError(f"first sets of '{first.method}', which is no method of it")
        if self.importance is not None and len(self.importance) != len(self.labels):
            raise ValueError(f"the importance is not of {len(self.labels)} cycles")
        return self


class MethodFindings(Part):
    """What the statistics say of a method in a scenario.

    curve: its accuracy at each cycle. verdict, marks (one for each budget that is tested) and
    sentence (the verdict in words, with what it is conditional on) are None for the reference,
    for what sees labels and for what is outdated. familywise: the verdict with its family
    counted; None, too, for a method that is not in the family.
    looks: of a method that is looked at, those taken, in order; its verdict is that of the last,
    at that look's level, and it has neither marks nor a family-wise decision. None for others.
    """

    curve: tuple[Point, ...]
    verdict: Comparison | None
    sentence: str | None
    familywise: FamilyDecision | None
    marks: tuple[Comparison, ...] | None
    looks: tuple[LookDecision, ...] | None = None  # early documents of schema 3 do not have it


class FamilyFindings(Part):
    """The family that family-wise decisions count.

    methods: the label of each, several times where there are several versions.
    narrowed_from: how many there are in all, where the reader narrowed it; else None.
    chance: how often at least one of so many methods gets a verdict when all equal the reference.
    """

    methods: tuple[str, ...]
    narrowed_from: int | None
    chance: float


class ScenarioFindings(Part):
    """What the statistics say of a scenario.

    methods: by their labels. family: None where nothing is tested, and where the document does
    not say what it is. paper_chain: the paper's chain of tests by the number of labels, at
    each budget that is tested, without the methods that see labels; empty where nothing is tested.
    """

    methods: dict[str, MethodFindings]
    family: FamilyFindings | None
    paper_chain: dict[int, PaperChain]


class Document(Part):
    """A bench: its suite, its results scenario by scenario, and its findings.

    schema_version: ``schema`` in JSON. alharness: the version that wrote it.
    findings: by the scenarios' names. failures: a line for each unit that failed.
    """

    # ``schema`` is a deprecated method of pydantic's models, hence the alias.
    schema_version: Literal[3] = Field(alias="schema")
    alharness: str
    suite: Suite
    scenarios: tuple[Scenario, ...]
    findings: dict[str, ScenarioFindings]
    failures: tuple[str, ...]

    @model_validator(mode="after")
    def _findings_belong(self) -> Document:
        there = [one.scenario for one in self.scenarios]
        if list(self.findings) != there or len(set(there)) < len(there):
            raise ValueError("the findings are not those of the scenarios")
        for scenario in self.scenarios:
            found = self.findings[scenario.scenario].methods
            if list(found) != [method.method for method in scenario.methods]:
                raise ValueError(f"the findings of '{scenario.scenario}' are not of its methods")
            cycles = len(scenario.labels)
            for label, one in found.items():
                tested = cycles - scenario.first_tested
                n_marks = tested if one.marks is None else len(one.marks)
                if (len(one.curve), n_marks) != (cycles, tested):
                    raise ValueError(f"curve or marks of '{label}' are not of {cycles} cycles")
        return self

    @property
    def title(self) -> str:
        """The suite's title, or its name."""
        return self.suite.title or self.suite.name

    @property
    def content_digest(self) -> str:
        """Of everything in it: 32 hexadecimal characters."""
        return digest_bytes(self.model_dump_json(by_alias=True).encode())

    @property
    def n_models(self) -> int | None:
        """How many models the scenarios train; None where the document does not say."""
        if len(self.scenarios) == 1:
            return 1
        if any(one.components is None for one in self.scenarios):
            return None
        return len({model.label for one in self.scenarios for model in one.plugins("model")})

    def to_json(self) -> dict[str, Any]:
        """The JSON form; ``reading.from_json`` reads it."""
        return self.model_dump(mode="json", by_alias=True)


def numbers(values: PerRun | PerCycle | PerClass | Shares) -> NDArray[np.float64]:
    """A document's numbers as an array, NaN for None."""
    return np.array(values, dtype=np.float64)


def members(values: ArrayLike) -> Any:
    """An array as a document holds it: nested tuples, None for NaN."""
    array = np.asarray(values, dtype=np.float64)
    return _nested(array.tolist())


def _nested(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_nested(item) for item in value)
    return None if value != value else value


def _tables(method: Method) -> Iterator[tuple[str, NDArray[np.float64]]]:
    for name in ("accuracy", *METRICS, "class_accuracy", "labels_spent", "annotation_cost"):
        values = getattr(method, name)
        if values is not None:
            yield name, numbers(values)
