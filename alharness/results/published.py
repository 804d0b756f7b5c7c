"""Results that others published, as data: what a document holds beside its own numbers.

A plugin ships a TOML file for each publication (hook ``alharness_published``);
``docs/plugin-api.md`` says what is in it. Accuracies stay as they were printed, in percent.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from alharness.api.errors import UsageError
from alharness.api.text import one_line
from alharness.protocol.suite.errors import misfit, usage_error

Percent: TypeAlias = Annotated[float, Field(ge=0, le=100)]
Share: TypeAlias = Annotated[float, Field(gt=0, le=1)]
Text: TypeAlias = Annotated[str, Field(min_length=1, max_length=1_000)]
Count: TypeAlias = Annotated[int, Field(ge=1)]


class _Frozen(BaseModel):
    """Nothing in it changes, and a key that it does not have is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class _Described(_Frozen):
    """What a table is of."""

    name: Text = Field(description="PUBLICATION-table-N")
    source: Text = Field(description='where it stands, such as "Table 7"')
    caption: Text = Field(description="its caption")
    dataset: Text = Field(description="the name of a dataset here")
    model: Text = Field(description="the name of a model here")
    strong_regularization: bool = Field(description="true or false")
    initial_set: Annotated[int, Field(ge=0)] | None
    runs: Count = Field(description="of how many runs each mean is")
    initial_fraction: Share | None
    initial_accuracy: Percent | None
    fractions: tuple[Share, ...] = Field(min_length=1, description="shares of all training images")
    notes: tuple[Text, ...]


class PublishedMethod(_Frozen):
    """A row of a published table.

    method: the sampler's name here; row: the publication's. mean, deviation: of test accuracy over
    the table's runs, in percent as printed, one for each of the table's fractions.
    """

    method: Text
    row: Text
    mean: tuple[Percent, ...]
    deviation: tuple[Percent, ...]


class Published(_Described):
    """A published table, with all that it takes to cite it and to draw it beside other results.

    name: what a suite calls it. citation, url: of the publication; source: its table.
    dataset, model: names of plugins. initial_set: its number in the publication, None where the
    table does not say. runs: how many each mean is of. fractions: labeled share of all training
    images, of each column. initial_accuracy: mean test accuracy in percent at
    ``initial_fraction``, where all methods have the same labels; None where it is not told.
    notes: what a reader has to know.
    """

    citation: Text
    url: Text
    unit: Literal["%"]
    methods: tuple[PublishedMethod, ...]

    def labels(self, n_train: int) -> tuple[int, ...]:
        """How many labels each fraction is of ``n_train`` training images, as suites count them."""
        return tuple(round(Fraction(str(fraction)) * n_train) for fraction in self.fractions)


class Chain(_Frozen):
    """A row of a published chain of tests, all methods at one budget (``PaperChain``).

    of: the tables of its runs. better, worse, undetermined: the columns, methods by our names;
    unnamed: those that the row has in no column. kruskal_wallis: p.
    """

    source: Text
    row: Text
    of: tuple[Text, ...] = Field(min_length=1, description="names of tables of this file")
    fraction: Share
    reference: Text
    runs: Count
    better: tuple[Text, ...]
    worse: tuple[Text, ...]
    undetermined: tuple[Text, ...]
    unnamed: tuple[Text, ...] = ()
    kruskal_wallis: Annotated[float, Field(ge=0, le=1)]
    notes: tuple[Text, ...] = ()

    @property
    def methods(self) -> tuple[str, ...]:
        """All methods but the reference, column by column."""
        return (*self.better, *self.worse, *self.undetermined, *self.unnamed)


class _Table(_Described):
    """A table as it lies in the file: of each method a pair (mean, deviation) for each fraction."""

    initial_set: Annotated[int, Field(ge=0)] | None = None
    initial_fraction: Share | None = None
    initial_accuracy: Percent | None = None
    notes: tuple[Text, ...] = ()
    accuracy: dict[Text, tuple[tuple[Percent, Percent], ...]] = Field(
        min_length=1, description="a table: method = [[mean, deviation], …], in percent"
    )

    @model_validator(mode="after")
    def _complete(self) -> _Table:
        start = self.initial_fraction or 0.0
        if any(a >= b for a, b in zip((start, *self.fractions), self.fractions, strict=False)):
            raise misfit("do not increase", "Write them as the table's columns", key="fractions")
        for method, cells in self.accuracy.items():
            if len(cells) != len(self.fractions):
                what = f"{len(cells)} pairs for {len(self.fractions)} fractions"
                raise misfit(what, "Write a pair for each column", key=f"accuracy.{method}")
        return self


class Publication(_Frozen):
    """A publication's results, as a file holds them. Read one with ``read_publication``.

    rows: the publication's name of each method, by ours.
    """

    schema_version: Literal[1] = Field(alias="schema", description="schema = 1")
    name: Text = Field(description="a name in kebab-case, with which those of tables begin")
    citation: Text = Field(description="authors, year, title and venue in a line")
    url: Text = Field(pattern=r"^https://\S+$", description="an https address")
    unit: Literal["%"] = Field(description='unit = "%"')
    notes: tuple[Text, ...] = ()
    rows: dict[Text, Text] = Field(min_length=1, description="a table: our name = its name")
    tables: tuple[_Table, ...] = Field(min_length=1, description="tables [[tables]]")
    chains: tuple[Chain, ...] = ()

    @model_validator(mode="after")
    def _tables_belong(self) -> Publication:
        names = [table.name for table in self.tables]
        for number, table in enumerate(self.tables):
            if not table.name.startswith(f"{self.name}-") or names.count(table.name) > 1:
                what = f"'{table.name}' is there twice or does not begin with '{self.name}-'"
                raise misfit(what, "Rename it", key=f"tables[{number}].name")
            for method in table.accuracy:
                if method not in self.rows:
                    key = f"tables[{number}].accuracy"
                    raise misfit(f"'{method}' has no row name", "Add it to rows", key=key)
        return self

    @model_validator(mode="after")
    def _chains_are_partitions(self) -> Publication:
        tables = {table.name: table for table in self.tables}
        for number, chain in enumerate(self.chains):
            key = f"chains[{number}]"
            for name in chain.of:
                if name not in tables or chain.fraction not in tables[name].fractions:
                    what = f"no table '{name}' with a column of {chain.fraction}"
                    raise misfit(what, "Name tables of this file", key=f"{key}.of")
                expected = sorted(tables[name].accuracy)
                if sorted((chain.reference, *chain.methods)) != expected:
                    what = f"its columns do not have each method of '{name}' once"
                    raise misfit(what, f"Sort in {', '.join(expected)}", key=key)
        return self

    def published(self) -> Iterator[Published]:
        """Each table with what it takes to cite it."""
        for table in self.tables:
            yield Published(
                citation=self.citation,
                url=self.url,
                unit=self.unit,
                **table.model_dump(exclude={"accuracy", "notes"}),
                methods=tuple(
                    PublishedMethod(
                        method=method,
                        row=self.rows[method],
                        mean=tuple(mean for mean, _ in cells),
                        deviation=tuple(deviation for _, deviation in cells),
                    )
                    for method, cells in table.accuracy.items()
                ),
                notes=(*self.notes, *table.notes),
            )


def read_publication(path: Path) -> Publication:
    """The results of a publication from a TOML file.

    Raises UsageError, in one line, for a file that cannot be read or that does not keep to the
    format; of several errors it says the first, and how many more.
    """
    where = one_line(str(path), 200)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        text = json.dumps(table)
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=where) from None
    except (ValueError, TypeError, RecursionError) as error:  # no UTF-8, no TOML, a date
        reason = one_line(str(error), 200)
        raise UsageError(f"holds no published results: {reason}", where=where) from None
    try:
        return Publication.model_validate_json(text)
    except ValidationError as error:
        raise usage_error(Publication, error, where) from None
