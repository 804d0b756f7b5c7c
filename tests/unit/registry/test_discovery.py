"""Discovery: order, isolation of failures, plugin files."""

import importlib.metadata

import pytest

import alharness
from alharness.registry import discover
from alharness.registry.discovery import installed

GOOD = "good-plugin"


def names(registry):
    return [one.name for one in registry.registered]


SAMPLER = """
import alharness

@alharness.hookimpl
def alharness_samplers():
    yield alharness.SamplerSpec("{}", object)
"""


def test_core_comes_first_then_distributions_and_entry_points_by_name(beside_core):
    beside_core.module("zz_module.py", SAMPLER.format("zz"))
    beside_core.install("zz-plugin", two="zz_module", one="zz_module")
    beside_core.samplers("AAA-before-core", "first")
    order = [(one.distribution, one.plugin) for one in installed()]
    mine = [("AAA-before-core", "AAA-before-core"), ("zz-plugin", "one"), ("zz-plugin", "two")]
    assert [one for one in order if one in mine] == mine
    core = [plugin for distribution, plugin in order if distribution == "alharness"]
    assert order[: len(core)] == [("alharness", plugin) for plugin in sorted(core)]
    loaded = [(one.distribution, one.plugin) for one in discover().plugins]
    assert loaded == [one for one in order if one in loaded]


def test_a_shadowed_distribution_is_not_found_twice(dists, tmp_path, monkeypatch):
    dists.samplers("my-plugin", "mine", version="2.0")
    first = list(importlib.metadata.distributions(path=[str(dists.folder)]))
    monkeypatch.setattr("alharness.registry.discovery.distributions", lambda: first * 2)
    assert names(discover()) == ["mine"]


BROKEN = {
    "import": ("import no_such_module", "No module named 'no_such_module'"),
    "exit": ("raise SystemExit(0)", "SystemExit: 0"),
    "syntax": ("def broken(:", "SyntaxError"),
    "raises-at-import": ("1 / 0", "ZeroDivisionError: division by zero (bad_plugin.py, line 1)"),
    "signature": (
        "import alharness\n@alharness.hookimpl\ndef alharness_samplers(pool): return []",
        "hookimpl definition: alharness_samplers(pool)",
    ),
    "unknown-hook": (
        "import alharness\n@alharness.hookimpl\ndef alharness_sampler(): return []",
        "unknown hook 'alharness_sampler'",
    ),
    "no-marker": (
        "def alharness_samplers(): return []",
        "'alharness_samplers' is not marked with @alharness.hookimpl",
    ),
    "no-hook": ("x = 1", "implements no hook"),
    "hook-raises": (
        "import alharness\n@alharness.hookimpl\ndef alharness_samplers():\n"
        "    raise ValueError('two\\nlines')\n    yield",
        "hook 'alharness_samplers' fails: ValueError: two lines (bad_plugin.py, line 4)",
    ),
    "hook-exits": (
        "import alharness\n@alharness.hookimpl\ndef alharness_samplers(): raise SystemExit",
        "hook 'alharness_samplers' fails: SystemExit",
    ),
    "non-iterable": (
        "import alharness\n@alharness.hookimpl\ndef alharness_samplers(): return 5",
        "hook 'alharness_samplers' fails: TypeError",
    ),
    "non-spec": (
        "import alharness\n@alharness.hookimpl\ndef alharness_samplers(): yield 'vaal'",
        "yields 'vaal', not a SamplerSpec",
    ),
    "other-kind": (
        "import alharness\n@alharness.hookimpl\n"
        "def alharness_samplers(): yield alharness.ModelSpec('x', object)",
        "not a SamplerSpec",
    ),
    "other-api": (
        "ALHARNESS_API = 2\n" + SAMPLER.format("x"),
        "asks for plugin API 2, this alharness has 1",
    ),
    "name": (SAMPLER.format("My Sampler"), "yields the name 'My Sampler'"),
    "two-colons": (SAMPLER.format("a:b:"), "yields the name 'a:b:'"),
    "factory": (
        SAMPLER.format("x").replace("object", "'not an import string'"),
        "factory of 'x' is 'not an import string'",
    ),
    "parameters": (
        SAMPLER.format("x").replace("object", "object, parameters=dict"),
        "give a subclass of alharness.Parameters",
    ),
    "required-parameter": (
        "import alharness\nclass P(alharness.Parameters):\n    epochs: int\n"
        + SAMPLER.format("x").replace("object", "object, parameters=P"),
        "parameters of 'x' have no default: epochs",
    ),
    "infinite-parameter": (
        "import alharness\nclass P(alharness.Parameters):\n    a: float = float('inf')\n"
        + SAMPLER.format("x").replace("object", "object, parameters=P"),
        "default parameters of 'x' are no JSON values",
    ),
    "suite-missing": (
        "import alharness, pathlib\n@alharness.hookimpl\n"
        "def alharness_suites(): yield pathlib.Path('/no/such.toml')",
        "yields '/no/such.toml', which is no TOML file",
    ),
    "suite-str": (
        "import alharness\n@alharness.hookimpl\ndef alharness_suites(): return 'cifar.toml'",
        "yields 'c', not a pathlib.Path",
    ),
    "published-missing": (
        "import alharness, pathlib\n@alharness.hookimpl\n"
        "def alharness_published(): yield pathlib.Path('/no/such.toml')",
        "hook 'alharness_published' yields '/no/such.toml', which is no TOML file",
    ),
    "published-nothing": (
        "import alharness, pathlib\nfile = pathlib.Path(__file__).with_suffix('.toml')\n"
        "file.write_text('schema = 1')\n@alharness.hookimpl\n"
        "def alharness_published(): yield file",
        "which names no tables; write [[tables]] with a name each",
    ),
    "published-number": (
        "import alharness, pathlib\nfile = pathlib.Path(__file__).with_suffix('.toml')\n"
        "file.write_text('tables = [{ name = 7 }]')\n@alharness.hookimpl\n"
        "def alharness_published(): yield file",
        "is 7; give a text",
    ),
}


@pytest.mark.parametrize("failure", BROKEN)
def test_a_broken_plugin_is_recorded_and_stops_no_other(dists, failure):
    source, reason = BROKEN[failure]
    dists.install("bad-plugin", source, version="0.3")
    dists.samplers(GOOD, "good")
    registry = discover()
    assert names(registry) == ["good"]
    (broken,) = registry.broken
    assert (broken.plugin, broken.distribution, broken.version) == (
        "bad-plugin",
        "bad-plugin",
        "0.3",
    )
    assert reason in broken.reason
    assert "\n" not in broken.reason


def test_a_plugin_registers_all_or_nothing(dists):
    dists.install("bad-plugin", SAMPLER.format("x") + "    yield 'vaal'\n")
    assert names(discover()) == []


def test_an_interrupt_is_not_a_broken_plugin(dists):
    dists.install("bad-plugin", "import os, signal\nos.kill(os.getpid(), signal.SIGINT)")
    with pytest.raises(KeyboardInterrupt):
        discover()


def test_malformed_metadata_stops_no_other(dists):
    dists.samplers(GOOD, "good")
    dists.install("bad-plugin", "")
    info = dists.folder / "bad_plugin-0.1.dist-info"
    (info / "entry_points.txt").write_text("[alharness]\nno equals sign\n")
    registry = discover()
    assert names(registry) == ["good"]
    assert [one.distribution for one in registry.broken] == ["bad-plugin"]


def test_what_a_plugin_prints_goes_to_stderr(dists, capsys):
    dists.install("noisy-plugin", "print('hello')\n" + SAMPLER.format("x"))
    discover()
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "hello\n")


def test_a_plugin_may_ask_for_the_present_api(dists):
    dists.install("my-plugin", f"ALHARNESS_API = {alharness.API_VERSION}\n" + SAMPLER.format("x"))
    assert names(discover()) == ["x"]


def test_a_plugin_file_is_loaded_without_packaging(dists, write_samplers):
    registry = discover([write_samplers("my.py", "mine")])
    provenance = registry.find("sampler", "mine").provenance
    assert (provenance.plugin, provenance.distribution, provenance.version) == ("my", "(file)", "-")


def test_plugin_files_with_one_stem_are_two_plugins(dists, write_samplers):
    files = [write_samplers("a/my.py", "one"), write_samplers("b/my.py", "two")]
    assert names(discover(files)) == ["one", "two"]


def test_a_plugin_file_given_twice_counts_once(dists, write_samplers):
    file = write_samplers("my.py", "mine")
    registry = discover([file, file])
    assert not registry.conflicts(registry.find("sampler", "mine"))


def test_a_plugin_file_is_read_anew(dists, write_samplers):
    discover([write_samplers("my.py", "old")])
    assert names(discover([write_samplers("my.py", "new-name")])) == ["new-name"]


def test_a_missing_plugin_file_is_a_usage_error(dists, tmp_path):
    with pytest.raises(alharness.UsageError, match="is not a Python file"):
        discover([tmp_path / "nothing.py"])
