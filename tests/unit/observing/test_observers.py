"""Observers are told in their order; whoever raises is reported once and hears no more."""

import pytest

import alharness
from alharness.observing.observers import Observers
from alharness.registry.boundary import RefusedPlugin


class Ear:
    """Notes the failures that it hears, raises one error, and keeps what it was given."""

    def __init__(self, name, heard, error=None):
        self.name, self.heard, self.error = name, heard, error

    @alharness.hookimpl
    def alharness_unit_failed(self, unit, message):
        self.heard.append((self.name, message))
        unit["inputs"]["given"] = self.name
        if self.error is not None:
            raise self.error

    @alharness.hookimpl
    def alharness_bench_finished(self, summary):
        self.heard.append((self.name, "finished"))


@pytest.mark.parametrize("error", [ValueError("no\nwords"), SystemExit("no words")])
def test_one_that_raises_is_reported_once_and_the_others_go_on(error):
    heard, lines = [], []
    observers = Observers(report=lines.append)
    for name, raises in (("first", None), ("second", error), ("third", None)):
        observers.add(name, Ear(name, heard, raises))
    for message in ("a", "b"):
        observers.unit_failed({"inputs": {}}, message)
    observers.bench_finished({})
    assert heard == [
        *((name, "a") for name in ("first", "second", "third")),
        *((name, "b") for name in ("first", "third")),
        *((name, "finished") for name in ("first", "third")),
    ]
    (line,) = lines
    kind = type(error).__name__
    assert line.startswith(
        f"second no longer observes: 'alharness_unit_failed' raised {kind}: no words ("
    )
    assert "\n" not in line


def test_an_interrupt_is_no_fault_of_an_observer():
    lines, heard = [], []
    observers = Observers(report=lines.append)
    observers.add("ear", Ear("ear", heard, KeyboardInterrupt()))
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            observers.unit_failed({"inputs": {}}, "a")
    assert (len(heard), lines) == (2, [])


def test_each_is_given_json_of_its_own():
    seen = []

    class Reader:
        @alharness.hookimpl
        def alharness_unit_failed(self, unit):
            seen.append(dict(unit["inputs"]))

    unit = {"inputs": {"budget": 3}}
    observers = Observers(report=pytest.fail)
    observers.add("ear", Ear("ear", []))
    observers.add("reader", Reader())
    observers.unit_failed(unit, "a")
    assert seen == [{"budget": 3}]
    assert unit == {"inputs": {"budget": 3}}


def test_whoever_is_added_under_a_name_that_is_taken_takes_its_place():
    heard = []
    observers = Observers(report=pytest.fail)
    observers.add("ear", Ear("before", heard))
    observers.add("ear", Ear("after", heard))
    observers.bench_finished({})
    assert heard == [("after", "finished")]


def test_a_method_that_does_not_fit_its_hook_is_refused_at_once():
    class Misfit:
        @alharness.hookimpl
        def alharness_unit_failed(self, unit, reason):
            """The hook has no ``reason``."""

    with pytest.raises(RefusedPlugin, match="reason"):
        Observers().add("misfit", Misfit())


def test_by_default_a_warning_tells_of_it():
    observers = Observers()
    observers.add("ear", Ear("ear", [], OSError("full")))
    with pytest.warns(UserWarning, match="ear no longer observes: .* OSError: full"):
        observers.unit_failed({"inputs": {}}, "a")
