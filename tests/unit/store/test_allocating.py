"""The collector of cycles is, afterwards, as it was before."""

import gc

import pytest

from alharness.store.allocating import uncollected


@pytest.fixture(params=[True, False], ids=["on", "off"])
def before(request):
    """Whether the collector is on before."""
    was = gc.isenabled()
    (gc.enable if request.param else gc.disable)()
    yield request.param
    (gc.enable if was else gc.disable)()


def test_it_is_off_meanwhile_and_restored(before):
    with uncollected():
        assert not gc.isenabled()
        with uncollected():
            pass
        assert not gc.isenabled(), "the inner one must not end the outer one"
    assert gc.isenabled() is before


@pytest.mark.parametrize("kind", [RuntimeError, KeyboardInterrupt, GeneratorExit])
def test_it_is_restored_after_an_exception(before, kind):
    with pytest.raises(kind), uncollected():
        raise kind
    assert gc.isenabled() is before
