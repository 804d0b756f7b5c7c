"""Outcomes travel as JSON and settle futures."""

import json
from concurrent.futures import Future

import pytest

from alharness import ContractViolation, HarnessError, PluginError, UsageError
from alharness.store.checkpoints import CheckpointMissing
from alharness.work import Outcome, spread
from alharness.work.workers import WorkerDied


class OfAPlugin(UsageError):
    """Known to nobody else."""


def travelled(error):
    return Outcome.from_json(json.loads(json.dumps(Outcome("key", error).to_json())))


def test_done_is_done():
    assert travelled(None) == Outcome("key")
    assert travelled(None).result() is None


@pytest.mark.parametrize(
    ("sent", "arrives"),
    [
        *((kind, kind) for kind in (HarnessError, UsageError, PluginError)),
        *((kind, kind) for kind in (ContractViolation, CheckpointMissing)),
        (WorkerDied, HarnessError),
        (OfAPlugin, UsageError),
    ],
)
def test_an_expected_failure_is_raised_as_what_it_was(sent, arrives):
    outcome = travelled(sent("too small", where="the pool", remedy="Ask for less"))
    with pytest.raises(arrives) as raised:
        outcome.result()
    assert type(raised.value) is arrives
    assert str(raised.value) == "the pool: too small. Ask for less"
    assert sent.__name__ in raised.value.__notes__[0]


def test_another_exception_is_told_by_name_with_its_traceback():
    try:
        raise KeyError("depth")
    except KeyError as error:
        outcome = travelled(error)
    with pytest.raises(HarnessError, match="KeyError: 'depth'") as raised:
        outcome.result()
    assert 'raise KeyError("depth")' in raised.value.__notes__[0]


def test_units_together_settle_a_future_each():
    together = Future()
    done, failed = spread(together, 2)
    assert not done.done()
    error = HarnessError("no")
    together.set_result([Outcome("a"), Outcome("b", error)])
    assert done.result(0) is None
    assert failed.exception(0) is error


def test_what_went_wrong_with_all_of_them_fails_each():
    together = Future()
    futures = spread(together, 2)
    together.set_exception(OSError("no host"))
    assert [str(future.exception(0)) for future in futures] == ["no host"] * 2


def test_units_that_were_never_begun_fail():
    together = Future()
    (future,) = spread(together, 1)
    together.cancel()
    assert "shut down" in str(future.exception(0))


@pytest.mark.parametrize("told", [[], [Outcome("a")], [Outcome("a")] * 3])
def test_outcomes_that_are_not_as_many_as_the_units_fail_each(told):
    """Else a unit without an outcome would be waited for for ever."""
    together = Future()
    futures = spread(together, 2)
    together.set_result(told)
    for future in futures:
        assert f"gave {len(told)} outcomes for 2 units" in str(future.exception(0))
        assert isinstance(future.exception(0), PluginError)
