"""The suites of ``benchmarks``, which measure a part of a shipped one, train as that one does."""

from pathlib import Path

import alharness_suites
import pytest

from alharness.protocol.suite.reading import load_suite, suite_json

BENCHMARKS = Path(__file__).parents[4] / "benchmarks"
OF = {
    "choose_cifar_fast": "cifar-fast",
    "cifar_fast_limited": "cifar-fast",
    "cifar_fast_at_40": "cifar-fast",
    "cifar_limited": "cifar",
}
PRECISION = {"precision": "bfloat16", "channels_last": True}


def test_all_are_here():
    assert {path.stem for path in BENCHMARKS.glob("*.toml")} == {*OF}


@pytest.mark.parametrize("name", OF)
def test_it_trains_as_the_suite_that_it_is_a_part_of(name):
    part = suite_json(load_suite(BENCHMARKS / f"{name}.toml"))
    whole = suite_json(load_suite(Path(alharness_suites.__file__).with_name(f"{OF[name]}.toml")))
    trained = {key: value for key, value in part["training"].items() if key not in PRECISION}
    assert trained == whole["training"]
    spaces = [one["tuning"]["space"] for one in (part, whole)]
    if name == "choose_cifar_fast":
        rates = [space.pop("learning-rate") for space in spaces]
        assert set(rates[1]) <= set(rates[0])
    assert spaces[0] == spaces[1]
    (scenario,) = part["scenarios"]
    same = next(one for one in whole["scenarios"] if one["name"] == scenario["name"])
    for key in ("model", "regularizers", "oracle"):
        assert scenario[key] == same[key]
