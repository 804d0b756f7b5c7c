"""Limits: what counts as silence, as time, and what does not."""

import pytest

from alharness import HarnessError
from alharness.work.limits import LONGEST_TICK, NO_LIMITS, Limits, Usage, Watch

IDLE = Usage()


def looks(watch, seconds, usage=IDLE):
    """Look every half second, so often."""
    for _ in range(round(seconds / 0.5)):
        watch.look(0.5, usage)


def past(watch, seconds, usage=IDLE):
    with pytest.raises(HarnessError) as raised:
        looks(watch, seconds, usage)
    return str(raised.value)


def test_nothing_ends_without_a_limit():
    watch = Watch(NO_LIMITS, "who")
    watch.begin()
    looks(watch, 10_000, Usage(memory=2**40))


def test_silence_ends_what_gives_no_sign_and_names_its_option():
    watch = Watch(Limits("trial", silence=30.0), "trial k")
    looks(watch, 29)
    watch.heard()
    looks(watch, 30)
    assert past(watch, 1) == ("trial k: no sign of life for 30 s (--silence); its worker was ended")


@pytest.mark.parametrize(("by_processor", "lives"), [(True, True), (False, False)])
def test_time_on_the_processor_is_a_sign_where_it_counts(by_processor, lives):
    watch = Watch(Limits("query", silence=10.0, by_processor=by_processor), "who")
    try:
        for busy in range(200):
            watch.look(0.5, Usage(processor=busy / 100))
    except HarnessError:
        assert not lives
    else:
        assert lives
        assert "no sign of life" in past(watch, 11, Usage(processor=1.99))


def test_a_child_that_ended_took_its_time_with_it():
    """What goes on after it is heard, though all together it is less than there was."""
    watch = Watch(Limits("query", silence=10.0, by_processor=True), "who")
    watch.look(0.5, Usage(processor=5000.0))
    for busy in range(200):
        watch.look(0.5, Usage(processor=busy / 100))


def test_its_time_begins_when_the_plugin_is_asked():
    watch = Watch(Limits("query", seconds=5.0), "sampler 'x'")
    looks(watch, 100)
    watch.begin()
    looks(watch, 5)
    assert past(watch, 1) == (
        "sampler 'x': no answer within 5 s (--query-timeout); its worker was ended"
    )


def test_signs_do_not_lengthen_its_time():
    watch = Watch(Limits("trial", silence=3.0, seconds=5.0), "who")
    watch.begin()
    for _ in range(5):
        watch.heard()
        looks(watch, 1)
    assert "no answer within 5 s (--trial-timeout)" in past(watch, 1)


def test_a_worker_that_was_stopped_is_not_silent():
    watch = Watch(Limits("trial", silence=10.0), "who")
    looks(watch, 1000, Usage(stopped=True))
    looks(watch, 10)
    assert "silence" in past(watch, 1)


def test_when_who_looks_was_stopped_one_look_counts():
    """Its process was stopped, or the machine suspended, for an hour."""
    watch = Watch(Limits("query", silence=10.0, seconds=10.0), "who")
    watch.begin()
    watch.look(3600.0, IDLE)
    assert watch.silent == watch.taken == LONGEST_TICK


def test_memory_is_bounded():
    watch = Watch(Limits("trial", memory=100), "who")
    watch.look(0.1, Usage(memory=100))
    assert past(watch, 1, Usage(memory=101)) == (
        "who: it used 101 MiB, more than 100 (--trial-memory); its worker was ended"
    )
