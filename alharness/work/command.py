"""``python -m alharness.work``: a work site for whoever can start a command.

It reads one JSON object from stdin, ``{"site": …, "units": […]}`` (``alharness.Site.to_json``,
and units as an executor gets them), carries the units out, and prints one line of JSON,
``{"outcomes": […]}``: for each unit, in their order, its ``key`` and its ``error``, None when
the unit is done. ``Outcome.from_json`` reads them. What plugins print goes to stderr. The exit
code is 0 when there are outcomes, failures among them or not; 2 for a request that is none.
"""

from __future__ import annotations

import json
import sys
from typing import Any, TextIO

from alharness.api.errors import HarnessError, UsageError
from alharness.api.executor import Site
from alharness.work.site import WorkSite


def main() -> int:
    """Read a request, answer it; the exit code."""
    try:
        site, units = _request(sys.stdin)
    except HarnessError as error:
        print(f"Error: {error}", file=sys.stderr)
        return error.exit_code
    with WorkSite(site) as work:
        outcomes = [outcome.to_json() for outcome in work.carry_out(units)]
    print(json.dumps({"outcomes": outcomes}), flush=True)
    return 0


def _request(source: TextIO) -> tuple[Site, list[dict[str, Any]]]:
    try:
        request = json.loads(source.read())
        site, units = request["site"], list(request["units"])
        whole = all({"kind", "step", "key", "inputs"} <= unit.keys() for unit in units)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _no_request() from error
    if not whole:
        raise _no_request()
    return Site.from_json(site), units


def _no_request() -> UsageError:
    return UsageError(
        "this is no request",
        where="stdin",
        remedy='Give one JSON object: {"site": alharness.Site.to_json(), "units": [unit, …]}',
    )
