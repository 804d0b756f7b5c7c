"""Results that others published, as data: what a document holds beside its own numbers.

A plugin ships a TOML file for each publication (``publication.py``). Accuracies stay as they were
printed, in percent.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal, NamedTuple, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

Percent: TypeAlias = Annotated[float, Field(ge=0, le=100)]
Share: TypeAlias = Annotated[float, Field(gt=0, le=1)]
Text: TypeAlias = Annotated[str, Field(min_length=1, max_length=1_000)]
Count: TypeAlias = Annotated[int, Field(ge=1)]


class Frozen(BaseModel):
    """Nothing in it changes, and a key that it does not have is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Described(Frozen):
    """What a table is of: all results of one condition.

    dataset, model, oracle: plugins, as a command line writes them; a scenario has the parameters
    that are told. labeled_by: the model with which labeled sets were queried, None where that is
    the table's own. strong_regularizers: which of those of strong regularization, None where all of
    them. initial_set: its number in the publication, None where the table does not say. runs: how
    many each mean is of, None where the publication does not say. validation_fraction,
    query_fraction: shares of all training images, None where they are not told.
    """

    name: Text = Field(description="PUBLICATION-table-N")
    source: Text = Field(description='where it stands, such as "Table 7"')
    caption: Text = Field(description="its caption")
    dataset: Text = Field(description="the name of a dataset here")
    model: Text = Field(description="the name of a model here")
    oracle: Text = Field(default="perfect", description='an oracle here, such as "perfect"')
    labeled_by: Text | None = Field(
        default=None, description="the name of a model here: sets were labeled with it, not its own"
    )
    strong_regularization: bool = Field(description="true or false")
    strong_regularizers: tuple[Text, ...] | None = Field(
        default=None, description='a list of regularizers here, such as ["swa"]'
    )
    initial_set: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="a whole number of 0 or more"
    )
    runs: Count | None = Field(default=None, description="a whole number of 1 or more")
    validation_fraction: Share | None = Field(
        default=None, description="a share of all training images"
    )
    query_fraction: Share | None = Field(default=None, description="a share of all training images")
    initial_fraction: Share | None = Field(
        default=None, description="a share of all training images"
    )
    initial_accuracy: Percent | None = Field(default=None, description="a number from 0 to 100")
    fractions: tuple[Share, ...] = Field(min_length=1, description="shares of all training images")
    notes: tuple[Text, ...] = Field(default=(), description="a list of sentences")


class PublishedMethod(Frozen):
    """A row of a published table.

    method: the sampler's name here; row: the publication's name of the row. mean, deviation: of
    test accuracy over the table's runs, in percent as printed, one for each of the table's
    fractions; of a single run the mean is its accuracy. deviation is None where none is printed.
    """

    method: Text
    row: Text
    mean: tuple[Percent, ...]
    deviation: tuple[Percent, ...] | None = None


class Printed(NamedTuple):
    """A published number, in percent. None where the publication has none."""

    mean: float | None
    deviation: float | None


class Published(Described):
    """A published table, with all that it takes to cite it and to draw it beside other results.

    name: what a suite calls it. citation, url: of the publication; source: its table.
    initial_accuracy: mean test accuracy in percent at ``initial_fraction``, where all methods
    have the same labels; None where it is not told. fractions: labeled share of all training
    images, of each column behind that. notes: what a reader has to know.
    """

    citation: Text
    url: Text
    unit: Literal["%"]
    methods: tuple[PublishedMethod, ...]

    @property
    def budgets(self) -> tuple[float, ...]:
        """Labeled share of all training images of each number that a row has, rising."""
        if self.initial_fraction is None or self.initial_accuracy is None:
            return self.fractions
        return (self.initial_fraction, *self.fractions)

    def printed(self, row: PublishedMethod) -> tuple[Printed, ...]:
        """The numbers of a row, one for each of ``budgets``, whatever a stranger's row holds."""
        start = len(self.budgets) - len(self.fractions)
        means = (*[self.initial_accuracy] * start, *row.mean)
        deviations = (*[None] * start, *(row.deviation or ()))
        return tuple(
            Printed(_at(means, place), _at(deviations, place)) for place in range(len(self.budgets))
        )

    def labels(self, n_train: int) -> tuple[int, ...]:
        """How many of ``n_train`` training images each of ``budgets`` is, as suites count."""
        return tuple(round(Fraction(str(fraction)) * n_train) for fraction in self.budgets)


def _at(values: tuple[float | None, ...], place: int) -> float | None:
    return values[place] if place < len(values) else None
