"""A recipe's values are carried out or refused."""

import pytest

from alharness import HarnessError
from alharness.engine.recipe import require_carried_out


def test_what_is_carried_out():
    require_carried_out("float32", None)


@pytest.mark.parametrize(
    ("precision", "start", "words"),
    [("bfloat16", None, "precision 'bfloat16'"), ("float32", "abc", "start weights of trial abc")],
)
def test_what_is_not_is_refused_in_one_line(precision, start, words):
    with pytest.raises(HarnessError, match=words) as caught:
        require_carried_out(precision, start)
    assert caught.value.remedy
    assert "\n" not in str(caught.value)
