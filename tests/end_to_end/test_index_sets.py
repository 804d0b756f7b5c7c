"""Index sets leave a workspace, and come back as the initial sets of a suite."""

import json

import pytest

from alharness import ExitCode
from alharness.protocol.index_sets.file import read_index_sets


@pytest.mark.slow
def test_what_was_exported_is_benched_again_for_nothing(finished_bench, new_alharness, tmp_path):
    """A suite with the exported splits has the same units: all of them are done."""
    exported = finished_bench.run("splits", "export", *finished_bench.places(), "--out", tmp_path)
    assert exported.returncode == 0, exported.stderr
    paths = [tmp_path / f"digits-mlp{suffix}" for suffix in (".json", ".npz")]
    assert exported.stdout.split() == [str(path) for path in paths]
    content, same = map(read_index_sets, paths)
    assert content.to_json() == same.to_json()
    require_content_of(finished_bench, content)

    command = new_alharness(tmp_path)
    imported = command.run("splits", "import", paths[0], "--out", "mine.npz")
    assert 'initial_sets = "mine.npz"\ninitial_fraction = 0.1' in imported.stdout
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "mine.npz").rename(tmp_path / "elsewhere" / "mine.npz")
    suite = command.suite("elsewhere/mine.toml", initial_sets='"mine.npz"')
    planned = command.plan(workspace=finished_bench.folder / "workspace", suite=suite)
    assert planned["distinct_units"]["done"] == planned["distinct_units"]["total"] > 0


def require_content_of(bench, content):
    """What the file says is what the records and the index sets say."""
    records = {
        kind: [json.loads(data) for (of, _), data in bench.workspace().record_files().items()
               if of == kind]
        for kind in ("query", "annotation")
    }  # fmt: skip
    picked = {tuple(one["result"]["indices"]) for one in records["query"]}
    exported = [queried for run in content.runs for queried in run.queried]
    assert {tuple(one.indices.tolist()) for one in exported} == picked
    labels = sorted(one["result"]["labels"] for one in records["annotation"])
    assert sorted(one.labels.tolist() for one in exported) == labels
    assert len(content.runs) == len(exported) == len(records["query"])
    for run in content.runs:
        assert set(run.queried[0].indices) <= set(content.initial_sets[run.initial_set].pool)


@pytest.mark.slow
def test_before_the_data_is_prepared_there_is_nothing_to_export(alharness):
    exported = alharness.run("splits", "export", *alharness.places(), "--out", "sets")
    assert exported.returncode == ExitCode.USAGE
    assert "scenario 'digits-mlp' is not prepared here" in exported.stderr
    assert not (alharness.folder / "sets").exists()
