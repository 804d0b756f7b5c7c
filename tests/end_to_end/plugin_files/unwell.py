"""A plugin that observes, and raises when it hears where a bench stands."""

import alharness


@alharness.hookimpl
def alharness_bench_surveyed(survey):
    raise RuntimeError("I saw too much")
