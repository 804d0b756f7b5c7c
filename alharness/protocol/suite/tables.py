"""The tables of a suite, each by itself: its keys, and what they require of each other."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    model_validator,
)

from alharness.api.errors import UsageError
from alharness.api.space import Space
from alharness.protocol.components import Reference
from alharness.protocol.partition.given import GivenSplits
from alharness.protocol.partition.splits import MUNJAL2022_SEEDS
from alharness.protocol.suite.bounds import (
    MOST_CYCLES,
    MOST_EPOCHS,
    MOST_PARTS,
    MOST_SETS,
    MOST_TRIALS,
)
from alharness.protocol.suite.errors import misfit, misfit_from
from alharness.protocol.suite.fields import (
    A_NAME,
    A_SHARE,
    Line,
    Name,
    Number,
    Share,
    as_tuple,
    from_1_to,
    is_none,
)
from alharness.protocol.suite.references import (
    DatasetReference,
    LossReference,
    ModelReference,
    OracleReference,
    RegularizerReference,
    SamplerReference,
    ScheduleReference,
    written_out,
)
from alharness.protocol.tuning.declared_space import read_space, require_single_values, write_space

PAPERS_MOMENTUM = 0.9
"""Of SGD, in the paper's published code."""

_CONSTANT = Reference("constant")
_CROSS_ENTROPY = Reference("cross-entropy")


InitialSets: TypeAlias = "int | Literal['munjal2022'] | GivenSplits"


def _initial_sets(value: object) -> InitialSets:
    if isinstance(value, GivenSplits) and len(value.splits) <= MOST_SETS:
        return value
    if value == "munjal2022":
        return "munjal2022"
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_SETS:
        raise ValueError("out of range")
    return value


def _written_sets(value: InitialSets) -> Any:
    """Given splits by their content, so that it, and not where it lies, tells suites apart."""
    if isinstance(value, GivenSplits):
        return {"given": value.digest, "initial_sets": len(value.splits)}
    return value


def _read_space(value: object) -> Space:
    try:
        return read_space(value)
    except UsageError as error:
        raise misfit_from(error) from None


class Table(BaseModel):
    """A table of a suite. A field's description says what to write, for messages."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Protocol(Table):
    """Initial sets, seeds and budgets (paper, sections 4, 5 and 6.1)."""

    initial_sets: Annotated[
        InitialSets, PlainValidator(_initial_sets), PlainSerializer(_written_sets)
    ] = Field(
        description=f"a whole number from 1 to {MOST_SETS}, "
        '"munjal2022" for the paper\'s five partitions, or the file of splits that are given, '
        "a .npz or .json"
    )
    seeds: int = Field(ge=1, le=MOST_SETS, description=from_1_to(MOST_SETS))
    initial_fraction: Share = Field(description=A_SHARE)
    query_fraction: Share = Field(description=A_SHARE)
    final_fraction: Share = Field(description=A_SHARE)
    validation_fraction: Share = Field(description=A_SHARE)
    stop_at_accuracy: Share | None = Field(
        default=None,
        exclude_if=is_none,
        description="a validation accuracy above 0 and below 1: a run that reaches it is done",
    )

    @property
    def n_initial_sets(self) -> int:
        """How many initial sets there are: five for the paper's partitions."""
        if isinstance(self.initial_sets, GivenSplits):
            return len(self.initial_sets.splits)
        return len(MUNJAL2022_SEEDS) if self.initial_sets == "munjal2022" else self.initial_sets

    @property
    def n_cycles(self) -> int:
        """How many cycles a run has: one more than queries."""
        return int(self._queries) + 1

    @property
    def cumulative_fractions(self) -> tuple[Fraction, ...]:
        """Labeled fraction of each cycle, cycle 0 first, exactly as written in decimals."""
        initial, query = _exact(self.initial_fraction), _exact(self.query_fraction)
        return tuple(initial + cycle * query for cycle in range(self.n_cycles))

    @property
    def exact_validation_fraction(self) -> Fraction:
        """The validation fraction, exactly as written in decimals."""
        return _exact(self.validation_fraction)

    @property
    def _queries(self) -> Fraction:
        span = _exact(self.final_fraction) - _exact(self.initial_fraction)
        return span / _exact(self.query_fraction)

    @model_validator(mode="after")
    def _fractions_fit(self) -> Protocol:
        initial, final = self.initial_fraction, self.final_fraction
        if initial >= final:
            raise misfit(
                f"{final} leaves nothing to query after initial_fraction = {initial}",
                "Write a larger final_fraction",
                key="final_fraction",
            )
        if self._queries.denominator != 1:
            raise misfit(
                f"from {initial} to {final} is not a whole number of queries of "
                f"{self.query_fraction}",
                f"Write one that divides {float(_exact(final) - _exact(initial))}",
                key="query_fraction",
            )
        if self.n_cycles > MOST_CYCLES:
            raise misfit(
                f"{self.query_fraction} makes more than {MOST_CYCLES} cycles from {initial} to "
                f"{final}",
                "Write a larger query_fraction",
                key="query_fraction",
            )
        if _exact(final) + self.exact_validation_fraction > 1:
            raise misfit(
                f"{final} and validation_fraction = {self.validation_fraction} are more than "
                "all training images",
                "Lower one of them",
                key="final_fraction",
            )
        return self


class Tuning(Table):
    """The AutoML of a cycle: random search over ``space`` (paper, section 4; supplement 1.3)."""

    trials: int = Field(
        ge=1, le=MOST_TRIALS, description=f"{from_1_to(MOST_TRIALS)}: the trials of one tuning"
    )
    scope: Literal["per-initial-set", "first-initial-set", "fixed"] = Field(
        description='"per-initial-set", "first-initial-set" or "fixed"'
    )
    space: Annotated[Space, PlainValidator(_read_space), PlainSerializer(write_space)] = Field(
        description="a table [tuning.space] with a line for each hyper-parameter"
    )

    @model_validator(mode="after")
    def _fixed_is_fixed(self) -> Tuning:
        if self.scope == "fixed":
            if self.trials != 1:
                raise misfit(
                    f'{self.trials} trials, but scope = "fixed" tunes nothing',
                    "Write trials = 1, or another scope",
                    key="trials",
                )
            try:
                require_single_values(self.space)
            except UsageError as error:
                raise misfit_from(error) from None
        return self


class Training(Table):
    """How a model is trained (paper, section 5)."""

    epochs: int = Field(ge=1, le=MOST_EPOCHS, description=from_1_to(MOST_EPOCHS))
    normalize: bool = Field(
        default=True,
        description="true (by mean and deviation of the initial labeled set) or false",
    )
    schedule: ScheduleReference = Field(
        default=_CONSTANT,
        exclude_if=lambda schedule: schedule == _CONSTANT,
        description='a schedule of the learning rate, such as "cosine"',
    )
    momentum: Annotated[Number, Field(ge=0, lt=1)] = Field(
        default=PAPERS_MOMENTUM,
        exclude_if=lambda momentum: momentum == PAPERS_MOMENTUM,
        description="a number from 0 to below 1: of sgd",
    )
    nesterov: bool = Field(
        default=False,
        exclude_if=lambda nesterov: not nesterov,
        description="true or false: of sgd",
    )
    weight_decay: Annotated[Number, Field(ge=0, le=1e6)] = Field(
        default=0.0,
        exclude_if=lambda decay: decay == 0,
        description="a number from 0 to 1e6: of every optimizer, fixed",
    )

    @model_validator(mode="after")
    def _nesterov_has_momentum(self) -> Training:
        if self.nesterov and self.momentum == 0:
            raise misfit(
                "true, but momentum = 0", "Write a momentum above 0, or no nesterov", key="nesterov"
            )
        return self


class Methods(Table):
    """The samplers compared, and the one that all others are compared with."""

    compared: Annotated[
        tuple[SamplerReference, ...], as_tuple, Field(min_length=1, max_length=MOST_PARTS)
    ] = Field(
        description='a list of samplers, such as ["random", { sampler = "vaal", epochs = 15 }]'
    )
    reference: SamplerReference = Field(
        default=Reference("random"), description="one of the samplers compared"
    )

    @model_validator(mode="after")
    def _distinct_and_with_reference(self) -> Methods:
        labels = [method.label for method in self.compared]
        refuse_repeats(labels, key="compared")
        if self.reference.label not in labels:
            raise misfit(
                f"'{self.reference.label}' is not among the methods compared",
                "Add it to methods.compared, or write one of them as methods.reference",
                key="reference",
            )
        return self


class Endpoint(Table):
    """What verdicts are on, and which difference counts as none; no record depends on it.

    The endpoint is the area under the curve of ``metric`` over log(labels). ``margin`` is in the
    metric's own unit: 0.01 is one point of a share.
    """

    metric: Literal[
        "accuracy", "balanced_accuracy", "nll", "brier", "calibration_error", "auroc"
    ] = Field(
        default="accuracy",
        description='"accuracy", "balanced_accuracy", "nll", "brier", "calibration_error" or '
        '"auroc"',
    )
    margin: Annotated[Number, Field(gt=0, le=1e6)] = Field(
        default=0.01,
        description="a number above 0, in the metric's unit: two methods that differ by less are "
        "as good as equal",
    )


class LongTail(Table):
    """The power law of a long-tailed initial set: class i gets a + k · exp(alpha · (i + 0.5)).

    The counts are scaled to the size of the initial set.
    """

    a: Annotated[Number, Field(ge=1, le=1e9)] = Field(description="a number from 1 to 1e9")
    k: Annotated[Number, Field(gt=0, le=1e9)] = Field(description="a number above 0, up to 1e9")
    alpha: Annotated[Number, Field(ge=-1000, lt=0)] = Field(
        description="a number below 0, down to -1000"
    )


class Scenario(Table):
    """One experimental condition; its split and budgets are the protocol's."""

    name: Name = Field(description=A_NAME)
    dataset: DatasetReference = Field(description='a dataset, such as "digits"')
    model: ModelReference = Field(description='a model, such as "small-cnn"')
    regularizers: Annotated[
        tuple[RegularizerReference, ...],
        BeforeValidator(written_out),
        Field(max_length=MOST_PARTS),
    ] = Field(description='a list of regularizers, such as ["weight-decay", "strong"], or []')
    oracle: OracleReference = Field(description='an oracle, such as "perfect"')
    loss: LossReference = Field(
        default=_CROSS_ENTROPY,
        exclude_if=lambda loss: loss == _CROSS_ENTROPY,
        description='a loss, such as "cross-entropy"',
    )
    long_tail: LongTail | None = Field(
        default=None,
        exclude_if=is_none,
        description="a table such as { a = 500, k = 4000, alpha = -0.32 }: class sizes of the "
        "initial set",
    )
    published: Annotated[tuple[Line, ...], as_tuple, Field(max_length=MOST_PARTS)] = Field(
        default=(),
        exclude_if=lambda published: published == (),
        description='a list of published results, such as ["munjal2022-table-7"]: those that the '
        "scenario is held against",
    )

    @model_validator(mode="after")
    def _regularizers_distinct(self) -> Scenario:
        names = [regularizer.name for regularizer in self.regularizers]
        refuse_repeats(names, key="regularizers")
        refuse_repeats(list(self.published), key="published")
        return self


def refuse_repeats(names: list[str], *, key: str) -> None:
    """For validators: raises what says which name is there twice."""
    for name in names:
        if names.count(name) > 1:
            raise misfit(f"'{name}' is there twice", "Rename or remove one of them", key=key)


def _exact(fraction: float) -> Fraction:
    """0.1 as 1/10, not as the nearest binary number."""
    return Fraction(str(fraction))
