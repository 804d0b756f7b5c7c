"""Every hook has a description, someone who calls it, and reaches its observers."""

import inspect
from pathlib import Path

import pytest

import alharness
from alharness.observing.observers import Observers
from alharness.registry import discover, hookspecs
from alharness.registry.boundary import RefusedPlugin

HOOKS = {name: hook for name, hook in vars(hookspecs).items() if name.startswith("alharness_")}
REGISTRATION = {*hookspecs.SPEC_HOOKS, "alharness_suites", "alharness_published"}
LIFECYCLE = set(HOOKS) - REGISTRATION


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_says_when_it_fires_who_implements_it_and_what_it_is_given(name):
    text = inspect.getdoc(HOOKS[name]) or ""
    assert "Called " in text
    assert "implemented by" in text
    for argument in inspect.signature(HOOKS[name]).parameters:
        assert f"\n{argument}: " in text


def test_every_kind_of_spec_has_its_hook():
    kinds = set(alharness.Spec.__subclasses__())
    assert set(hookspecs.SPEC_HOOKS.values()) == kinds
    assert set(hookspecs.SPEC_HOOKS) == {
        f"alharness_{kind}{'es' if kind.endswith('s') else 's'}" for kind in hookspecs.KINDS
    }


def test_every_registration_hook_is_called_by_discovery(dists, tmp_path):
    source = "import alharness\nfrom pathlib import Path\n"
    for hook, spec in hookspecs.SPEC_HOOKS.items():
        source += (
            f"@alharness.hookimpl\ndef {hook}():\n"
            f"    yield alharness.{spec.__name__}('mine', object)\n"
        )
    suite = tmp_path / "tiny.toml"
    suite.touch()
    source += f"@alharness.hookimpl\ndef alharness_suites(): yield Path({str(suite)!r})\n"
    results = tmp_path / "results.toml"
    results.write_text('tables = [{ name = "a-1" }, { name = "a-2" }]')
    source += f"@alharness.hookimpl\ndef alharness_published(): yield Path({str(results)!r})\n"
    dists.install("everything", source)
    registry = discover()
    assert [one.kind for one in registry.registered] == list(hookspecs.KINDS)
    assert [one.name for one in registry.suites] == ["tiny"]
    assert [one.name for one in registry.published] == ["a-1", "a-2"]


class Listener:
    """Hears every lifecycle hook."""

    def __init__(self):
        self.heard = []

    @alharness.hookimpl
    def alharness_bench_started(self, bench):
        self.heard.append(bench)

    @alharness.hookimpl
    def alharness_bench_surveyed(self, survey):
        self.heard.append(survey)

    @alharness.hookimpl
    def alharness_unit_finished(self, unit, record):
        self.heard.append((unit["key"], record))

    @alharness.hookimpl
    def alharness_unit_failed(self, message):
        self.heard.append(message)

    @alharness.hookimpl
    def alharness_bench_finished(self, summary):
        self.heard.append(summary)


class Faulty:
    """Raises at the first thing it hears."""

    @alharness.hookimpl
    def alharness_unit_finished(self):
        raise OSError("disk full")

    @alharness.hookimpl
    def alharness_bench_finished(self):
        raise AssertionError("was not dropped")


def test_every_lifecycle_hook_reaches_its_observers():
    assert {name for name in vars(Listener) if name.startswith("alharness_")} == LIFECYCLE
    assert {f"alharness_{name}" for name in vars(Observers) if f"alharness_{name}" in HOOKS} == (
        LIFECYCLE
    )
    listener, reports = Listener(), []
    observers = Observers([], reports.append)
    observers.add("listener", listener)
    bench, survey = object(), object()
    observers.bench_started(bench)
    observers.bench_surveyed(survey)
    observers.unit_finished({"key": "k"}, {"result": 1})
    observers.unit_failed({"key": "k"}, "out of memory")
    observers.bench_finished({"done": True})
    assert listener.heard[:2] == [bench, survey]
    assert listener.heard[2:] == [("k", {"result": 1}), "out of memory", {"done": True}]
    assert reports == []


def test_an_observer_that_raises_is_reported_once_and_dropped():
    listener, reports = Listener(), []
    observers = Observers([], reports.append)
    observers.add("faulty", Faulty())
    observers.add("listener", listener)
    observers.unit_finished({"key": "k"}, {})
    observers.bench_finished({})
    assert len(listener.heard) == 2
    (report,) = reports
    assert report.startswith("faulty no longer observes: 'alharness_unit_finished' raised OSError")


def test_json_is_an_observers_own():
    class Altering:
        @alharness.hookimpl
        def alharness_unit_finished(self, unit, record):
            record["result"]["accuracy"] = 1.0

    listener, record = Listener(), {"result": {"accuracy": 0.5}}
    observers = Observers(report=pytest.fail)
    observers.add("altering", Altering())
    observers.add("listener", listener)
    observers.unit_finished({"key": "k"}, record)
    assert listener.heard == [("k", {"result": {"accuracy": 0.5}})]
    assert record == {"result": {"accuracy": 0.5}}


def test_a_plugin_observes(dists, tmp_path):
    log = tmp_path / "log"
    dists.install(
        "watcher",
        "import alharness, pathlib\n@alharness.hookimpl\n"
        f"def alharness_bench_finished(): pathlib.Path({str(log)!r}).write_text('over')",
    )
    Observers(discover().plugins, pytest.fail).bench_finished({})
    assert Path(log).read_text() == "over"


def test_an_observer_with_a_wrong_signature_is_refused():
    class Wrong:
        @alharness.hookimpl
        def alharness_unit_failed(self, units):
            pass

    with pytest.raises(RefusedPlugin, match=r"alharness_unit_failed\(units\)"):
        Observers([], pytest.fail).add("wrong", Wrong())
