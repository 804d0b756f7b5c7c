"""A recipe's values are carried out or refused."""

import pytest

from alharness import HarnessError
from alharness.engine.recipe import require_carried_out


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("mode", [None, "default", "reduce-overhead"])
def test_what_is_carried_out(precision, mode):
    require_carried_out(precision, mode)


@pytest.mark.parametrize(
    ("precision", "mode", "words"),
    [("float16", None, "precision 'float16'"), ("float32", "max", "compile 'max'")],
)
def test_what_is_not_is_refused_in_one_line(precision, mode, words):
    with pytest.raises(HarnessError, match=words) as caught:
        require_carried_out(precision, mode)
    assert caught.value.remedy
    assert "\n" not in str(caught.value)
