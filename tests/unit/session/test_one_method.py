"""One method under two labels is compared once."""

import pytest

from alharness.protocol.components import Reference
from alharness.protocol.written_reference import parse_reference
from alharness.registry import discover
from alharness.session.methods import distinct, find_method


@pytest.fixture(scope="module")
def methods():
    registry = discover()
    return lambda *texts: [find_method(registry, parse_reference(text)) for text in texts]


@pytest.mark.parametrize(
    ("given", "reference", "compared"),
    [
        (["random", "bald", "bald:passes=25"], "random", ["random", "bald"]),
        (["random", "bald:passes=25", "bald"], "random", ["random", "bald:passes=25"]),
        (["random", "bald", "bald:passes=24"], "random", ["random", "bald", "bald:passes=24"]),
        (["bald:passes=25", "random", "bald"], "bald", ["bald", "random"]),
        (["random", "qbc:members=5,measure=bald", "qbc:measure=bald"], "random", 2),
    ],
)
def test_labels_of_one_method(methods, given, reference, compared):
    found = [method.label for method in distinct(methods(*given), reference)]
    assert (len(found) if isinstance(compared, int) else found) == compared


def test_a_bench_compares_it_once(workbench, monkeypatch):
    bench = workbench.bench("watching", "bald", model='{ model = "mlp", hidden = 8 }')
    suite = bench.suite.with_methods([Reference("bald"), Reference("bald", {"passes": 25})])
    from alharness.session.resolve import Resolver

    resolver = Resolver(workbench.registry, workbench.workspace, workbench.workspace.root, False)
    assert [method.label for method in resolver.bench(suite, "x").methods] == ["watching", "bald"]
