"""A plugin that observes: writes a line for each thing it hears to the file ``DIARY``."""

import json
import os
from pathlib import Path

import alharness


def _write(event, **details):
    with Path(os.environ["DIARY"]).open("a") as diary:
        diary.write(json.dumps({"event": event, **details}) + "\n")


@alharness.hookimpl
def alharness_bench_started(bench):
    runs = len(bench.conditions) * len(bench.methods) * len(list(bench.places()))
    _write("started", suite=bench.suite.name, runs=runs)


@alharness.hookimpl
def alharness_bench_surveyed(survey):
    _write("surveyed", runs={run.name: run.state.value for run in survey.runs})


@alharness.hookimpl
def alharness_unit_finished(unit, record):
    _write("finished", kind=unit["kind"], key=unit["key"], digest=record["digest"])


@alharness.hookimpl
def alharness_bench_finished(summary):
    _write("over")
