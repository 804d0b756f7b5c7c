"""The one boundary: whatever plugin code raises is one line that names it."""

import traceback

import pytest

from alharness import ContractViolation, HarnessError, PluginError, UsageError
from alharness.protocol.components import Reference
from alharness.registry import discover
from alharness.registry.boundary import (
    TRACE,
    RefusedPlugin,
    one_line,
    plugin_code,
    refusing,
    trace,
    unit_code,
)

ORIGIN = "sampler 'mine' (my-plugin 0.1)"


class Whim(BaseException):
    """No Exception."""


@pytest.mark.parametrize("raised", [ValueError("two\nlines"), SystemExit(1), Whim("w"), KeyError()])
def test_whatever_a_method_raises_names_plugin_method_and_line(raised):
    with pytest.raises(PluginError) as caught, plugin_code("load", ORIGIN):
        raise raised
    text = str(caught.value)
    assert text.startswith(f"{ORIGIN}: load raised {type(raised).__name__}")
    assert "(test_boundary.py, line " in text
    assert "\n" not in text
    assert caught.value.__cause__ is raised


def test_an_interrupt_passes_everywhere():
    for boundary in (refusing("x"), plugin_code("x", ORIGIN), unit_code("trial k", list)):
        with pytest.raises(KeyboardInterrupt), boundary:
            raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("where", "named"),
    [
        ("", ORIGIN),
        ("/data/labels.csv", f"{ORIGIN}: /data/labels.csv"),
        ("sampler 'mine'", "sampler 'mine'"),
    ],
)
def test_what_a_plugin_wants_to_be_read_keeps_type_and_text(where, named):
    with pytest.raises(UsageError) as caught, plugin_code("load", ORIGIN):
        raise UsageError("no such file", where=where, remedy="Give one")
    error = caught.value
    assert (error.what, error.where, error.remedy) == ("no such file", named, "Give one")


def test_a_refusal_keeps_its_reason():
    with pytest.raises(RefusedPlugin, match=r"^because$"), refusing("cannot be imported"):
        raise RefusedPlugin("because")


def test_an_exception_that_cannot_say_what_it_is():
    class Mute(Exception):
        def __str__(self):
            raise RuntimeError

    assert one_line(Mute()) == "Mute"


def test_fifty_megabytes_of_message_stay_a_line():
    with pytest.raises(PluginError) as caught, plugin_code("load", ORIGIN):
        raise ValueError("\x1b[31m" + "x" * 50_000_000)
    assert len(str(caught.value)) < 1500
    assert "\x1b" not in str(caught.value)
    assert len(trace(caught.value)) <= 20_000
    assert "test_boundary.py" in trace(caught.value)


def test_where_the_traceback_of_a_unit_lies():
    with pytest.raises(HarnessError) as caught, unit_code("query 0a", list):
        raise ContractViolation("broken", where=ORIGIN, remedy=TRACE)
    assert caught.value.remedy == "Its traceback is in the workspace, below failures/0a"


PLUGINS = """
import alharness

class Smoothing:
    def penalty(self, model):
        return helped(model.last)

class Ema(Smoothing):
    def after_step(self, model):
        raise ValueError("no average")

def helped(value):
    return value + 1

@alharness.hookimpl
def alharness_regularizers():
    yield alharness.RegularizerSpec("smoothing", Smoothing)
    yield alharness.RegularizerSpec("ema", "my_plugin:Ema")
"""

MODEL = """
import alharness

class Net:
    @property
    def last(self):
        return int("no number")

class Broken:
    last = "text"

class Model:
    def build(self):
        return Net()

@alharness.hookimpl
def alharness_models():
    yield alharness.ModelSpec("net", Model)
"""


@pytest.fixture
def unit(dists):
    """Plugins of a unit, built: regularizers of one file, and the model of another."""
    dists.install("my-plugin", PLUGINS)
    dists.install("my-model", MODEL, version="2")
    registry = discover()
    found = [
        registry.find(kind, name)
        for kind, name in (("model", "net"), ("regularizer", "smoothing"), ("regularizer", "ema"))
    ]
    built = {
        one.name: registry.create(registry.component(one.kind, Reference(one.name)))
        for one in found
    }
    return found, built


def failure(found, call):
    with pytest.raises(HarnessError) as caught, unit_code("trial k", lambda: found):
        call()
    assert "\n" not in str(caught.value)
    return caught.value


def test_what_a_unit_raises_is_the_doing_of_the_deepest_plugin(unit):
    found, built = unit
    error = failure(found, lambda: built["smoothing"].penalty(built["net"].build()))
    assert isinstance(error, ContractViolation)
    assert error.where == "model 'net' (my-model 2), trial k"
    assert error.what.startswith("Net.last raised ValueError: invalid literal")
    assert error.what.endswith("(my_model.py, line 7)")
    assert "failures" in error.remedy


def test_the_method_is_the_plugins_and_the_line_the_deepest_of_its_files(unit):
    """A helper raises: the hook is named, and where to mend it."""
    found, built = unit
    broken = type("Text", (), {"last": "text"})()
    error = failure(found, lambda: built["smoothing"].penalty(broken))
    assert error.where == "regularizer 'smoothing' (my-plugin 0.1), trial k"
    assert error.what.startswith("Smoothing.penalty raised TypeError: ")
    assert error.what.endswith("(my_plugin.py, line 13)")


@pytest.mark.parametrize("method", ["after_step", "penalty"])
def test_of_several_plugins_in_one_file_it_is_the_one_whose_method_was_called(unit, method):
    """An inherited method too."""
    found, built = unit
    error = failure(found, lambda: getattr(built["ema"], method)(type("T", (), {"last": ""})()))
    assert error.where == "regularizer 'ema' (my-plugin 0.1), trial k"
    assert error.what.startswith(f"Ema.{method} raised ")


def test_what_comes_out_of_no_plugin_names_the_unit_alone(unit):
    found, _ = unit
    error = failure(found, lambda: 1 / 0)
    assert (type(error), error.where) == (HarnessError, "trial k")
    assert error.what.startswith("ZeroDivisionError: division by zero (test_boundary.py, line ")


def test_an_expected_failure_of_a_unit_gets_the_unit_once():
    with (
        pytest.raises(UsageError) as caught,
        unit_code("trial k", list),
        unit_code("trial k", list),
    ):
        raise UsageError("no", where="here")
    assert caught.value.where == "here, trial k"


def test_plugins_are_looked_up_only_when_something_was_raised():
    with unit_code("trial k", lambda: pytest.fail("asked")):
        pass


def test_the_traceback_is_kept(unit):
    found, built = unit
    error = failure(found, lambda: built["ema"].after_step(None))
    assert "my_plugin.py" in "".join(traceback.format_exception(error))
