"""The tables of a suite, each by itself: its keys, and what they require of each other."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import (
    BeforeValidator,
    Field,
    PlainSerializer,
    PlainValidator,
    ValidationInfo,
    model_validator,
)

from alharness.api.errors import UsageError
from alharness.api.space import Space
from alharness.protocol.components import Reference
from alharness.protocol.suite.bounds import (
    LARGEST_NUMBER,
    MOST_PARTS,
    MOST_TRIALS,
)
from alharness.protocol.suite.errors import misfit, misfit_from
from alharness.protocol.suite.fields import (
    A_NAME,
    A_SHARE_OR_NONE,
    Line,
    Name,
    Number,
    ShareOrNone,
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
    RepresentationReference,
    SamplerReference,
    written_out,
)
from alharness.protocol.suite.table import Table, refuse_repeats
from alharness.protocol.suite.written_budgets import WrittenBudgets
from alharness.protocol.tuning.declared_space import (
    read_lines,
    read_space,
    require_single_values,
    write_space,
)
from alharness.protocol.wording import did_you_mean, spell_key

Subset: TypeAlias = Annotated[int, Field(ge=1, le=LARGEST_NUMBER)]
A_SUBSET = (
    "a whole number of 1 or more: a sampler sees so many unlabeled images, drawn at random, where "
    "there are more"
)

_CROSS_ENTROPY = Reference("cross-entropy")


def _read_space(value: object) -> Space:
    try:
        return read_space(value)
    except UsageError as error:
        raise misfit_from(error) from None


def _read_lines(value: object, info: ValidationInfo) -> Space:
    try:
        return read_lines(value, f"tuning.{info.field_name}")
    except UsageError as error:
        raise misfit_from(error) from None


def _is_empty(lines: Space) -> bool:
    return not lines


Lines: TypeAlias = Annotated[Space, PlainValidator(_read_lines), PlainSerializer(write_space)]
"""Lines that take the place of those of ``[tuning.space]``."""


class Tuning(Table):
    """The AutoML of a cycle: random search over ``space`` (paper, section 4; supplement 1.3).

    Lines of ``first`` take the place of the space's in cycle 0, those of ``later`` in all cycles
    after it.
    """

    trials: int = Field(
        ge=1, le=MOST_TRIALS, description=f"{from_1_to(MOST_TRIALS)}: the trials of one tuning"
    )
    scope: Literal["per-initial-set", "first-initial-set", "fixed"] = Field(
        description='"per-initial-set", "first-initial-set" or "fixed"'
    )
    space: Annotated[Space, PlainValidator(_read_space), PlainSerializer(write_space)] = Field(
        description="a table [tuning.space] with a line for each hyper-parameter"
    )
    first: Lines = Field(
        default_factory=dict,
        exclude_if=_is_empty,
        description="a table [tuning.first]: lines of [tuning.space] that cycle 0 has instead",
    )
    later: Lines = Field(
        default_factory=dict,
        exclude_if=_is_empty,
        description="a table [tuning.later]: lines of [tuning.space] that cycles after cycle 0 "
        "have instead",
    )

    def lines_of(self, cycle: int) -> Space:
        """What takes the place of lines of the space in a cycle."""
        return self.first if cycle == 0 else self.later

    @model_validator(mode="after")
    def _lines_take_a_place(self) -> Tuning:
        for table, lines in (("first", self.first), ("later", self.later)):
            for name in lines:
                if name not in self.space:
                    raise misfit(
                        "it takes the place of a line of [tuning.space], where there is none",
                        did_you_mean(name, self.space),
                        key=f"tuning.{table}.{spell_key(name)}",
                    )
        return self

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
                require_single_values(self.first, "tuning.first")
                require_single_values(self.later, "tuning.later")
            except UsageError as error:
                raise misfit_from(error) from None
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


class Queries(Table):
    """What samplers are shown."""

    pool_subset: Subset | None = Field(default=None, exclude_if=is_none, description=A_SUBSET)


class LongTail(Table):
    """Class sizes that fall from class to class: of the initial set alone, or of all that is used.

    Of the initial set: class i gets a + k · exp(alpha · (i + 0.5)), scaled to its size. Of all:
    class i of C keeps the share ratio^(−i / (C − 1)) of what class 0 has.
    """

    a: Annotated[Number, Field(ge=1, le=1e9)] | None = Field(
        default=None, exclude_if=is_none, description="a number from 1 to 1e9"
    )
    k: Annotated[Number, Field(gt=0, le=1e9)] | None = Field(
        default=None, exclude_if=is_none, description="a number above 0, up to 1e9"
    )
    alpha: Annotated[Number, Field(ge=-1000, lt=0)] | None = Field(
        default=None, exclude_if=is_none, description="a number below 0, down to -1000"
    )
    ratio: Annotated[Number, Field(ge=1, le=1e9)] | None = Field(
        default=None,
        exclude_if=is_none,
        description="a number from 1 to 1e9: of the largest class to the smallest",
    )

    @model_validator(mode="after")
    def _one_law(self) -> LongTail:
        law = ("a", "k", "alpha")
        missing = [key for key in law if getattr(self, key) is None]
        if self.ratio is None and missing:
            description = LongTail.model_fields[missing[0]].description
            raise misfit("is missing", f"Write {description}, or ratio alone", key=missing[0])
        if self.ratio is not None and len(missing) < len(law):
            raise misfit(
                "is of all images that are used, and a, k and alpha are of the initial set",
                "Write one or the other",
                key="ratio",
            )
        return self


class Scenario(WrittenBudgets):
    """One experimental condition; its split is the protocol's.

    Budgets, ``validation_fraction`` and ``pool_subset`` that it says take the place of the suite's.
    """

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
    representation: RepresentationReference | None = Field(
        default=None,
        exclude_if=is_none,
        description='a representation, such as "raw": the model is trained on it instead of images',
    )
    features: Literal["float16", "float32"] = Field(
        default="float32",
        exclude_if=lambda features: features == "float32",
        description='"float16" or "float32": what the features of its representation are kept in',
    )
    long_tail: LongTail | None = Field(
        default=None,
        exclude_if=is_none,
        description="a table such as { ratio = 100 }, the class sizes of all that is used, or "
        "{ a = 500, k = 4000, alpha = -0.32 }, those of the initial set",
    )
    pool_subset: Subset | None = Field(default=None, exclude_if=is_none, description=A_SUBSET)
    validation_fraction: ShareOrNone | None = Field(
        default=None, exclude_if=is_none, description=A_SHARE_OR_NONE
    )
    replay: Name | None = Field(
        default=None,
        exclude_if=is_none,
        description="the name of another scenario: it trains on the sets that this one labeled, "
        "run by run, and queries nothing itself",
    )
    not_run: Line | None = Field(
        default=None,
        exclude_if=is_none,
        description="a line: why nobody who ships the suite has run the scenario",
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
        if self.representation is None and self.features != "float32":
            raise misfit(
                "there are features of a representation only",
                "Leave it out, or write a representation",
                key="features",
            )
        return self
