"""Every method tried in a workspace counts, from the real command line."""

import json
import shutil

import pytest

from alharness import ExitCode


@pytest.fixture
def compared_before(alharness, finished_bench):
    """A workspace in which margin was compared with random."""
    shutil.copytree(finished_bench.workspace().root, alharness.workspace().root)
    return alharness


def test_a_family_that_is_no_method_is_refused_before_anything_is_computed(compared_before):
    before = compared_before.workspace().record_files()
    refused = compared_before.bench("--plugin", "coreset", "--family", "margi,coreset")
    assert refused.returncode == ExitCode.USAGE
    (line,) = refused.stderr.strip().splitlines()
    assert "'margi' is not a method ever recorded for this protocol" in line
    assert "Did you mean 'margin'?" in line
    assert compared_before.workspace().record_files() == before


@pytest.mark.slow
def test_methods_of_earlier_benches_count(compared_before):
    """Also those that the bench at hand does not compare; other protocols are other families."""
    first = compared_before.workspace().report()
    (scenario,) = first["scenarios"]
    family = first["findings"]["digits-mlp"]["family"]
    assert (family["methods"], family["narrowed_from"]) == (["margin"], None)
    p_value = first["findings"]["digits-mlp"]["methods"]["margin"]["verdict"]["p_value"]

    arguments = ("--plugin", "coreset", "--plugin", "bald:passes=2", "--plugin", "bald:passes=3")
    model = '{ model = "mlp", dropout = 0.5 }'
    compared_before.suite(name="other.toml", initial_sets=3, model=model)
    for suite, others in (("tiny.toml", ("--plugin", "coreset")), ("other.toml", arguments)):
        bench = compared_before.bench("--json", *others, suite=suite)
        assert bench.returncode == ExitCode.DONE, bench.stderr
        document = json.loads(bench.stdout)
        (scenario,) = document["scenarios"]
        found = document["findings"]["digits-mlp"]["family"]
        if suite == "tiny.toml":
            assert sorted(found["methods"]) == ["coreset", "margin"]
            known = {one["method"]: one["p_value"] for one in scenario["family"]["others"]}
            assert known.get("margin", p_value) == p_value
        else:
            assert sorted(found["methods"]) == ["bald:passes=2", "bald:passes=3", "coreset"]

    bench = compared_before.bench("--plugin", "coreset", "--family", "coreset")
    assert bench.returncode == ExitCode.DONE, bench.stderr
    assert "Family of 1 (narrowed from 2 to 1): coreset." in bench.stdout
    assert (
        "in a family of 1" in (compared_before.workspace().root / "reports" / "tiny.md").read_text()
    )
