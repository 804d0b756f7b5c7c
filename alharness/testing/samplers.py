"""The contract of samplers."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from alharness.api.errors import HarnessError
from alharness.api.needs import Needs
from alharness.api.pool import Pool, Subset
from alharness.api.sampler import Sampler
from alharness.engine.querying import ask_sampler
from alharness.testing.asking import ask, ask_elsewhere, ask_instance, pools_for, stored_by
from alharness.testing.bench import TinyBench
from alharness.testing.generators import watched_generators
from alharness.testing.memory import peak_memory
from alharness.testing.pools import N_UNLABELED
from alharness.testing.rules import Broken, NotApplicable, Rule
from alharness.testing.subject import Subject

SOME = 30
"""A budget well below any pool's size."""

SIZES = (1, 2, 3, 64, 501, 1025)
"""Pools that fill whole batches of usual sizes, and pools with one row more."""

SEEDS = 10
"""Of so many seeds one shows that chance decides, be it about a single image now and then."""

MEMORY_GROWTH, MEMORY_SIZES = 10, (1000, 4000)
"""Between linear (4 times) and quadratic (16 times); blocks of 2 500 rows count as linear."""

TIME_GROWTH, TIME_SIZES, LONG = 32, (500, 2000), 0.5
"""Between quadratic (16 times) and cubic (64 times); seconds below which growth is no matter."""


def distinct_positions(subject: Subject) -> None:
    """A query returns exactly ``budget`` distinct integers in [0, n_unlabeled), be the budget one
    image, some, all but one or all."""
    for budget in (1, SOME, N_UNLABELED - 1, N_UNLABELED):
        ask(subject, pools_for(subject).ordinary(), budget)


def pools_of_any_size(subject: Subject) -> None:
    """A pool of any size can be queried, from a single image up, and no row is left out."""
    for n in SIZES:
        try:
            ask(subject, pools_for(subject).ordinary(n), n)
        except HarnessError as error:
            raise Broken(f"of {n} unlabeled images, all are asked for: {error.what}") from error


def same_needs(subject: Subject) -> None:
    """What a sampler needs is known before it is asked: instances with the same parameters declare
    the same, and a query changes nothing of it."""
    instance = subject.create()
    before, another = _needs(instance), _needs(subject.create())
    if before != another:
        raise Broken(f"one instance declares {before}, the next one {another}")
    ask_instance(instance, subject, pools_for(subject).ordinary(), SOME)
    if _needs(instance) != before:
        raise Broken(f"after a query it declares {_needs(instance)}")


def stored_arrays(subject: Subject) -> None:
    """What a query stores for the next one is arrays of numbers or booleans within the bound, and
    the same when the same is asked."""
    first, second = (stored_by(subject, pools_for(subject).first_cycle(), SOME) for _ in range(2))
    if first is None and second is None:
        raise NotApplicable("a query stores nothing")
    if first != second:
        raise Broken("asked again, it stored something else")


def first_cycle(subject: Subject) -> None:
    """A query is answered in cycle 0, where there is no previous model."""
    ask(subject, pools_for(subject).first_cycle(), SOME)


def before_any_training(subject: Subject) -> None:
    """A sampler that needs no model is also asked while nothing is labeled and none is trained."""
    if pools_for(subject).needs.model:
        raise NotApplicable("it needs a model")
    ask(subject, pools_for(subject).before_training(), SOME)


def constant_images(subject: Subject) -> None:
    """A pool of one image, repeated, is answered like any other."""
    ask(subject, pools_for(subject).constant_images(), SOME)


def constant_outputs(subject: Subject) -> None:
    """A model that says the same of every image is answered like any other."""
    ask(subject, pools_for(subject).with_logits_times(0), SOME)


def saturated_probabilities(subject: Subject) -> None:
    """Probabilities that are exactly 0 and 1 are answered like any other: 0 log 0 is 0."""
    ask(subject, pools_for(subject).with_logits_times(1e6), SOME)


def duplicates(subject: Subject) -> None:
    """Images that are in the pool several times are answered like any other, also when fewer
    different ones are there than are asked for."""
    for budget in (SOME, 150):
        ask(subject, pools_for(subject).duplicated(copies=5), budget)


def same_generator_same_answer(subject: Subject) -> None:
    """Equally seeded generators give the same answer, whatever was asked before."""
    first, second = (ask(subject, pools_for(subject).ordinary(), SOME).tolist() for _ in range(2))
    _require_same(first, second, "asked again")


def same_answer_in_another_process(subject: Subject) -> None:
    """Equally seeded generators give the same answer in another process, where strings hash
    differently."""
    here = ask(subject, pools_for(subject).ordinary(), SOME).tolist()
    _require_same(here, ask_elsewhere(subject, SOME), "asked in another process")


def global_generators(subject: Subject) -> None:
    """A query neither draws from nor seeds the global generators of Python and NumPy."""
    sampler, pool = subject.create(), pools_for(subject).ordinary()
    with watched_generators("draw from rng, and hand it to libraries (random_state)"):
        ask_sampler(sampler, pool, SOME, np.random.default_rng(0), subject.origin)


def pool_unchanged(subject: Subject) -> None:
    """A query changes nothing in the pool: tensors that it hands out stay as they are, and so do
    the model's weights and buffers."""
    pool = pools_for(subject).ordinary()
    shown: list[Subset] = ["unlabeled", "labeled"]
    if subject.plugin.needs.sees_labels:
        shown.append("held-out")
    before = _contents(pool, shown)
    ask(subject, pool, SOME)
    after = _contents(pool, shown)
    changed = [name for name, tensor in before.items() if not torch.equal(tensor, after[name])]
    if changed:
        raise Broken(f"{', '.join(changed)} changed; work on a copy (tensor.clone())")


def order_of_the_pool(subject: Subject) -> None:
    """The images picked do not depend on the order of the pool's rows, but for ties."""
    picked = set(ask(subject, pools_for(subject).ordinary(), SOME).tolist())
    for number in range(2):
        rows = np.random.default_rng(number).permutation(N_UNLABELED)
        others = set(rows[ask(subject, pools_for(subject).permuted(rows), SOME)].tolist()) - picked
        if others and _depends_on_the_generator(subject):
            raise NotApplicable("the answer depends on the generator")
        if others:
            raise Broken(f"in another order, {len(others)} of {SOME} images picked are others")


def hidden_labels(subject: Subject) -> None:
    """The answer stays the same when the hidden labels are other ones."""
    if subject.plugin.needs.sees_labels:
        raise NotApplicable("it declares that it sees hidden labels")
    with tempfile.TemporaryDirectory() as folder:
        bench = TinyBench(subject, Path(folder))
        try:
            answers = bench.first_query(), bench.first_query_among_other_labels()
        except HarnessError as error:
            raise NotApplicable(f"there is no answer to compare: {error.what}") from error
    _require_same(*answers, "asked where the hidden labels are others")


def memory_growth(subject: Subject) -> None:
    """Memory grows in proportion to the pool: four times the images take at most ten times as
    much, where quadratic growth takes sixteen times."""
    small, large = _measured(subject, MEMORY_SIZES, _bytes_of)
    if large > MEMORY_GROWTH * small:
        raise Broken(
            f"{small / 2**20:.1f} MiB for {MEMORY_SIZES[0]} unlabeled images, "
            f"{large / 2**20:.1f} MiB for {MEMORY_SIZES[1]}; work in blocks of rows"
        )


def time_growth(subject: Subject) -> None:
    """Time grows at most like the square of the pool: four times the images take less than
    thirty-two times as long, or less than half a second."""
    small, large = _measured(subject, TIME_SIZES, _seconds_of)
    if large > max(TIME_GROWTH * small, LONG):
        raise Broken(
            f"{small:.3f} s for {TIME_SIZES[0]} unlabeled images, {large:.3f} s for {TIME_SIZES[1]}"
        )


def end_to_end(subject: Subject) -> None:
    """A tiny bench of three cycles on colour images ends with every unit recorded."""
    with tempfile.TemporaryDirectory() as folder:
        failures = TinyBench(subject, Path(folder)).failures()
    if failures:
        raise Broken(failures[0])


def _needs(sampler: Sampler) -> tuple[Needs, type]:
    """What an instance declares; of the extension its type, for it may be a new one each time."""
    declared: Needs = getattr(sampler, "needs", Needs())
    return replace(declared, extension=None), type(declared.extension)


def _contents(pool: Pool, subsets: Sequence[Subset]) -> dict[str, torch.Tensor]:
    """Copies of everything that a pool hands out."""
    contents = {"labels()": pool.labels(), "labeled_in()": pool.labeled_in()}
    for subset in subsets:
        contents |= {
            f"{name}({subset!r})": getattr(pool, name)(subset).clone()
            for name in ("images", "logits", "embeddings", "numbers")
        }
    contents |= {f"stored()[{name!r}]": torch.as_tensor(a) for name, a in pool.stored().items()}
    weights = pool.model().state_dict()
    return contents | {f"model().{name}": tensor for name, tensor in weights.items()}


def _require_same(first: list[int], second: list[int], when: str) -> None:
    if first != second:
        others = len(set(second) - set(first))
        how = (
            f"picked {others} other images of {len(first)}"
            if others
            else "answered in another order"
        )
        raise Broken(f"{when}, it {how}")


def _depends_on_the_generator(subject: Subject) -> bool:
    """Whether another seed, the pool being the same, gives other images."""
    first, *others = range(SEEDS)
    picked = set(ask(subject, pools_for(subject).ordinary(), SOME, first).tolist())
    return any(
        set(ask(subject, pools_for(subject).ordinary(), SOME, seed).tolist()) != picked
        for seed in others
    )


def _measured(
    subject: Subject, sizes: tuple[int, int], measure: Callable[[Subject, int], float]
) -> list[float]:
    """What queries of pools of two sizes take; a first one, with its imports, does not count."""
    measure(subject, sizes[0])
    return [measure(subject, n) for n in sizes]


def _bytes_of(subject: Subject, n: int) -> float:
    pool = pools_for(subject).ordinary(n)
    with peak_memory() as peak:
        ask(subject, pool, SOME)
    return peak.bytes


def _seconds_of(subject: Subject, n: int) -> float:
    """Of the processor, so that other work on the machine counts little."""
    pool = pools_for(subject).ordinary(n)
    start = time.process_time()
    ask(subject, pool, SOME)
    return time.process_time() - start


RULES = tuple(
    Rule(check)
    for check in (
        distinct_positions,
        pools_of_any_size,
        same_needs,
        stored_arrays,
        first_cycle,
        before_any_training,
        constant_images,
        constant_outputs,
        saturated_probabilities,
        duplicates,
        same_generator_same_answer,
        same_answer_in_another_process,
        global_generators,
        pool_unchanged,
        order_of_the_pool,
        hidden_labels,
        memory_growth,
        time_growth,
        end_to_end,
    )
)
