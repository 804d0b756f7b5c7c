"""How long each built-in sampler takes on a large pool of features, and how much memory.

    python benchmarks/samplers_at_scale.py              # 40 000 x 512, 5 000 picks: half an hour
    python benchmarks/samplers_at_scale.py badge typiclust --pool 10000 --budget 500

A linear head on clustered features as a frozen network gives them: ten classes of five clusters
each, of unequal sizes, rectified. Each sampler answers one query, as a bench asks it, in a process
of its own on one thread; outputs of the head are computed in the query. Memory is the growth of the
process's peak beyond the pool's own features.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
import torch
from alharness_plugins.models.networks.linear import Linear
from numpy.typing import NDArray

import alharness
from alharness.engine.features import HeldFeatures
from alharness.engine.network import Network
from alharness.engine.pool import Granted, ImagePool
from alharness.engine.randomness import controlled
from alharness.protocol.components import Reference
from alharness.registry import Registry, discover
from alharness.selection.best_of import fitted_head

CLASSES, CLUSTERS, HELD_OUT, LEAST_LABELS = 10, 5, 2000, 100
LONGEST = 600
"""Seconds after which a query is ended."""
MEBIBYTE = 2**20


@dataclass(frozen=True)
class Rows:
    """Features, (n, D) float32, with their classes, (n,)."""

    features: torch.Tensor
    labels: torch.Tensor

    def at(self, rows: slice) -> Rows:
        """Some of them."""
        return Rows(self.features[rows], self.labels[rows])


@dataclass(frozen=True)
class Scene:
    """What every sampler is asked about, and heads fitted to all labels and to parts of them."""

    unlabeled: Rows
    labeled: Rows
    held_out: Rows
    networks: list[Network]

    def pool(self, needs: alharness.Needs) -> ImagePool:
        """The pool of a query in cycle 1."""
        hidden = {"unlabeled": self.unlabeled.labels, "held-out": self.held_out.labels}
        return ImagePool(
            HeldFeatures(self.unlabeled.features),
            HeldFeatures(self.labeled.features),
            self.labeled.labels,
            CLASSES,
            self.networks[0],
            self.networks[1],
            granted=Granted(
                self.networks[2 : 2 + needs.committee],
                representation=needs.representation,
                held_out=HeldFeatures(self.held_out.features) if needs.sees_labels else None,
                hidden_labels=hidden if needs.sees_labels else {},  # type: ignore[arg-type]
            ),
        )


def clustered(n: int, width: int, rng: np.random.Generator) -> Rows:
    """Rows around the centers of clusters whose sizes fall like 1 / rank."""
    centers = 1.5 * rng.standard_normal((CLASSES * CLUSTERS, width))
    sizes = 1 / np.arange(1, len(centers) + 1)
    cluster = rng.permutation(len(centers))[rng.choice(len(centers), n, p=sizes / sizes.sum())]
    rows = centers[cluster].astype(np.float32)
    rows += 2 * rng.standard_normal((n, width), dtype=np.float32)
    labels = torch.from_numpy(cluster % CLASSES)
    return Rows(torch.from_numpy(np.maximum(rows, 0)), labels)


def head(rows: Rows) -> Network:
    """A linear layer with dropout before it, fitted to rows, as a scenario on features has it."""
    width = rows.features.shape[1]
    fitted = fitted_head(rows.features.double().numpy(), rows.labels.numpy(), CLASSES)
    model = Linear(dropout=0.5).build(CLASSES, width, 1)
    weights = {"head.weight": fitted[:, :-1], "head.bias": fitted[:, -1]}
    model.load_state_dict({name: torch.from_numpy(part) for name, part in weights.items()})
    return Network(model, torch.zeros(width), torch.ones(width))


def scene(n: int, width: int, n_labeled: int) -> Scene:
    """``n`` unlabeled rows, ``n_labeled`` labeled ones and those held out, of one distribution."""
    rows = clustered(n + n_labeled + HELD_OUT, width, np.random.default_rng(0))
    labeled = rows.at(slice(n, n + n_labeled))
    half = n_labeled // 2
    parts = [labeled, labeled.at(slice(half)), *(labeled.at(slice(k, k + half)) for k in range(5))]
    return Scene(rows.at(slice(n)), labeled, rows.at(slice(-HELD_OUT, None)), [*map(head, parts)])


def lacking(needs: alharness.Needs) -> str | None:
    """What a linear head on features has not."""
    if needs.images:
        return "needs images"
    if needs.extension is not None:
        return "trains an extension along with the task model"
    return "needs layers" if needs.layers else None


def seconds_and_bytes(registry: Registry, name: str, given: Scene, budget: int) -> dict[str, Any]:
    """Of one query, in this process."""
    sampler = registry.create(registry.component("sampler", Reference(name)))
    reason = lacking(getattr(sampler, "needs", alharness.Needs()))
    if reason is not None:
        return {"reason": reason}
    pool, rng = given.pool(getattr(sampler, "needs", alharness.Needs())), np.random.default_rng(0)
    before, begun = _peak(), perf_counter()
    with controlled(0):
        picks: NDArray[np.int64] = np.asarray(sampler.query(pool, budget, rng))
    seconds = perf_counter() - begun
    assert len(np.unique(picks)) == budget
    return {"seconds": seconds, "bytes": _peak() - before}


def measured(registry: Registry, name: str, given: Scene, budget: int, limit: int) -> str:
    """The cells of a sampler's row, found in a process of its own."""
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(receive)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(limit)
        try:
            found = seconds_and_bytes(registry, name, given, budget)
        except alharness.HarnessError as error:
            found = {"reason": str(error)}
        os.write(send, json.dumps(found).encode())
        os._exit(0)
    os.close(send)
    with os.fdopen(receive) as answer:
        written = answer.read()
    _, status = os.waitpid(child, 0)
    if not written:
        timed_out = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM
        return f"more than {limit} | " if timed_out else "its process ended | "
    found = json.loads(written)
    if "reason" in found:
        return f"{found['reason']} | "
    return f"{found['seconds']:.1f} | {found['bytes'] / MEBIBYTE:.0f}"


def table(names: list[str], given: Scene, budget: int, limit: int) -> Iterator[str]:
    """The lines of a table in Markdown, each as soon as it is known."""
    registry = discover()
    built_in = [
        one.name
        for one in registry.registered
        if one.kind == "sampler" and one.provenance.distribution == "alharness"
    ]
    yield "| sampler | seconds | MiB |"
    yield "|---|---|---|"
    for name in names or [one for one in built_in if not one.endswith(":")]:
        yield f"| `{name}` | {measured(registry, name, given, budget, limit)} |"


def _peak() -> int:
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("samplers", nargs="*", help="those to measure; all that are built in")
    parser.add_argument("--pool", type=int, default=40_000, help="unlabeled images")
    parser.add_argument("--width", type=int, default=512, help="features of each image")
    parser.add_argument("--labeled", type=int, default=2_000, help="labeled images")
    parser.add_argument("--budget", type=int, default=5_000, help="images that a query picks")
    parser.add_argument("--limit", type=int, default=LONGEST, help="seconds of a query at most")
    asked = parser.parse_args()
    if not 1 <= asked.budget <= asked.pool or asked.labeled < LEAST_LABELS:
        parser.error(f"give a budget in [1, pool] and {LEAST_LABELS} labeled images or more")
    torch.set_num_threads(1)
    given = scene(asked.pool, asked.width, asked.labeled)
    for line in table(asked.samplers, given, asked.budget, asked.limit):
        print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
