"""A plugin's page of documentation, from what its spec and its class say."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable, Sequence

from alharness.registry.building import import_factory
from alharness.registry.hookspecs import KINDS, PLURALS
from alharness.registry.parameters import ParameterInfo, describe_parameters
from alharness.registry.registered import Registered


def page(registered: Registered) -> str:
    """One plugin in Markdown. Raises PluginError when its factory cannot be imported."""
    spec = registered.spec
    about = inspect.getdoc(import_factory(registered)) or ""
    return (
        "\n\n".join(
            [
                f"# {registered.kind} `{registered.name}`",
                f"{spec.summary}.",
                *([_markdown(about)] if about else []),
                "## Parameters",
                _parameters(registered),
                "## Requires",
                spec.requires or "Nothing beyond what every run has.",
                "## Cost",
                spec.cost or "Not stated.",
                *(["## Citation", f"{spec.citation}."] if spec.citation else []),
                "",
            ]
        ).rstrip()
        + "\n"
    )


def file_name(registered: Registered) -> str:
    """Where a plugin's page lies below the folder of all pages: ``samplers/qbc.md``."""
    return f"{PLURALS[registered.kind]}/{registered.name.removesuffix(':')}.md"


def index(listed: Iterable[Registered]) -> str:
    """The page that links to all of them, by kind."""
    everything = list(listed)
    lines = ["# Plugins", "", "What `alharness plugins show NAME` says, a page each."]
    for kind in KINDS:
        rows = [
            (f"[`{one.name}`]({file_name(one)})", one.spec.summary)
            for one in everything
            if one.kind == kind
        ]
        if rows:
            lines += ["", f"## {PLURALS[kind].capitalize()}", "", *_table((kind, "summary"), rows)]
    return "\n".join([*lines, ""])


def _parameters(registered: Registered) -> str:
    described = describe_parameters(registered.spec.parameters)
    if not described:
        return "None."
    rows = [
        (f"`{one.name}`", f"`{one.type}`", f"`{json.dumps(one.default)}`", one.description)
        for one in described
    ]
    return "\n".join(
        [
            f"{_setting(registered, described[0])}.",
            "",
            *_table(("name", "type", "default", "what"), rows),
        ]
    )


def _setting(registered: Registered, first: ParameterInfo) -> str:
    """How a parameter is set: an executor is no part of a suite."""
    if registered.kind == "executor":
        return f"On the command line: `--executor {registered.name}:{first.name}=VALUE`"
    name = f"{registered.name}NAME" if registered.is_family else registered.name
    # TOML has no null.
    value = "VALUE" if first.default is None else json.dumps(first.default)
    return f'In a suite: `{{ {registered.kind} = "{name}", {first.name} = {value} }}`'


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    def line(cells: Sequence[str]) -> str:
        escaped = (cell.replace("|", r"\|") for cell in cells)
        return f"| {' | '.join(escaped)} |"

    return [line(titles), line(["---"] * len(titles)), *map(line, rows)]


def _markdown(docstring: str) -> str:
    """Docstrings mark code with two backticks, pages with one."""
    return docstring.replace("``", "`")
