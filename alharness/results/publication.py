"""Publications: results of others as a file holds them, and how it is read.

``docs/plugin-api.md`` says what is in it; a plugin ships it (hook ``alharness_published``).
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from alharness.api.errors import UsageError
from alharness.api.text import one_line
from alharness.protocol.suite.errors import misfit, usage_error
from alharness.protocol.written_reference import parse_reference
from alharness.results.published import (
    Count,
    Described,
    Frozen,
    Percent,
    Published,
    PublishedMethod,
    Share,
    Text,
)


class Chain(Frozen):
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


class Choices(Frozen):
    """How often a tuning chose each value of a hyper-parameter, as a publication counts it.

    of: how many tunings each fraction's counts are of. counts: by value, one for each fraction.
    """

    source: Text
    caption: Text
    dataset: Text
    model: Text
    hyperparameter: Text
    of: Count
    fractions: tuple[Share, ...] = Field(min_length=1)
    counts: dict[Text, tuple[Annotated[int, Field(ge=0)], ...]] = Field(min_length=1)
    notes: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _counts_add_up(self) -> Choices:
        for value, counts in self.counts.items():
            if len(counts) != len(self.fractions):
                what = f"{len(counts)} counts for {len(self.fractions)} fractions"
                raise misfit(what, "Write one for each column", key=f"counts.{value}")
        columns = zip(*self.counts.values(), strict=True)
        for fraction, column in zip(self.fractions, columns, strict=True):
            if sum(column) != self.of:
                what = f"{sum(column)} choices at {fraction}, of {self.of} tunings"
                raise misfit(what, "Write them as the table's columns", key="counts")
        return self


class _Table(Described):
    """A table as it lies in the file.

    rows: names of rows in this table alone. Of each method, accuracy has a pair (mean, deviation)
    for each fraction, or accuracy_only a number where no deviations are printed.
    """

    rows: dict[Text, Text] = Field(default={}, description="a table: our name = its name")
    accuracy: dict[Text, tuple[tuple[Percent, Percent], ...]] = Field(
        default={}, description="a table: method = [[mean, deviation], …], in percent"
    )
    accuracy_only: dict[Text, tuple[Percent, ...]] = Field(
        default={}, description="a table: method = [accuracy, …], in percent"
    )

    @field_validator("dataset", "model", "oracle", "labeled_by")
    @classmethod
    def _as_labels_are_written(cls, written: str | None) -> str | None:
        try:
            return None if written is None else parse_reference(written).label
        except UsageError as error:
            raise misfit(error.what, error.remedy) from None

    @property
    def methods(self) -> Mapping[str, tuple[object, ...]]:
        """What each method has for each fraction."""
        return self.accuracy or self.accuracy_only

    @model_validator(mode="after")
    def _complete(self) -> _Table:
        start = self.initial_fraction or 0.0
        if any(a >= b for a, b in zip((start, *self.fractions), self.fractions, strict=False)):
            raise misfit("do not increase", "Write them as the table's columns", key="fractions")
        if bool(self.accuracy) == bool(self.accuracy_only):
            raise misfit(
                "a table has either accuracy or accuracy_only",
                "Write [mean, deviation] in accuracy, or bare numbers in accuracy_only",
                key="accuracy",
            )
        table = "accuracy" if self.accuracy else "accuracy_only"
        for method, cells in self.methods.items():
            if len(cells) != len(self.fractions):
                what = f"{len(cells)} numbers for {len(self.fractions)} fractions"
                raise misfit(what, "Write one for each column", key=f"{table}.{method}")
        return self

    @model_validator(mode="after")
    def _is_strong_where_it_says_how(self) -> _Table:
        if self.strong_regularizers is not None and not self.strong_regularization:
            raise misfit(
                "they are of strong regularization",
                "Write strong_regularization = true, or leave them out",
                key="strong_regularizers",
            )
        return self

    def rows_called(self, called: Mapping[str, str]) -> Iterator[PublishedMethod]:
        """Its rows; ``called``: the publication's name of each method."""
        names = {**called, **self.rows}
        for method, pairs in self.accuracy.items():
            mean = tuple(mean for mean, _ in pairs)
            deviation = tuple(deviation for _, deviation in pairs)
            yield PublishedMethod(method=method, row=names[method], mean=mean, deviation=deviation)
        for method, numbers in self.accuracy_only.items():
            yield PublishedMethod(method=method, row=names[method], mean=numbers)


class Publication(Frozen):
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
    choices: tuple[Choices, ...] = ()

    @model_validator(mode="after")
    def _tables_belong(self) -> Publication:
        names = [table.name for table in self.tables]
        for number, table in enumerate(self.tables):
            if not table.name.startswith(f"{self.name}-") or names.count(table.name) > 1:
                what = f"'{table.name}' is there twice or does not begin with '{self.name}-'"
                raise misfit(what, "Rename it", key=f"tables[{number}].name")
            for method in table.methods:
                if method not in {**self.rows, **table.rows}:
                    key = f"tables[{number}].rows"
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
                expected = sorted(tables[name].methods)
                if sorted((chain.reference, *chain.methods)) != expected:
                    what = f"its columns do not have each method of '{name}' once"
                    raise misfit(what, f"Sort in {', '.join(expected)}", key=key)
        return self

    def published(self) -> Iterator[Published]:
        """Each table with what it takes to cite it."""
        for table in self.tables:
            own = {"rows", "accuracy", "accuracy_only", "notes"}
            yield Published(
                citation=self.citation,
                url=self.url,
                unit=self.unit,
                **table.model_dump(exclude=own),
                methods=tuple(table.rows_called(self.rows)),
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
