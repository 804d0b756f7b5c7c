"""Seeds: every random stream of a suite comes from the path that says what it is for."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_WORD = 2**32


@dataclass(frozen=True)
class SeedPath:
    """Where in a suite randomness is used; distinct paths have distinct streams.

    A part is None where it does not apply: the shuffle of initial set 2 has
    neither a scenario, a seed nor a cycle. None differs from every value.
    Integers are in [0, 2⁶⁴ − 2]; raises ValueError for others.

    purpose: what the randomness is for, such as ``split`` or ``query``.
    number: tells apart several of one purpose, such as the trials of a tuning.
    """

    suite_seed: int
    purpose: str
    scenario: str | None = None
    initial_set: int | None = None
    seed: int | None = None
    cycle: int | None = None
    number: int | None = None

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if isinstance(value, int) and not 0 <= value <= 2**64 - 2:
                raise ValueError(f"{name} of a seed path must be in [0, 2**64 - 2], not {value}")

    def to_json(self) -> dict[str, Any]:
        """The parts that apply, as they stand in the key of a unit."""
        return {name: value for name, value in vars(self).items() if value is not None}

    def generator(self) -> np.random.Generator:
        """A new generator at the start of this path's stream (PCG64)."""
        return np.random.Generator(np.random.PCG64(self._sequence()))

    def permutation(self, n: int) -> NDArray[np.int64]:
        """0 … n − 1 in a random order, (n,) int64.

        Sorts raw words of the stream: NumPy promises them to stay the same in every
        version, and does not promise that of ``Generator.permutation``.
        """
        words = self.generator().bit_generator.random_raw(n)
        return np.argsort(words, kind="stable").astype(np.int64)

    def distinct_numbers(self, n: int) -> NDArray[np.int64]:
        """``n`` different numbers in [0, 2⁶³), (n,) int64, in no order."""
        generator = self.generator().bit_generator
        numbers = generator.random_raw(n) >> np.uint64(1)
        while len(np.unique(numbers)) < n:  # once in 10⁷ draws for a million images
            numbers = generator.random_raw(n) >> np.uint64(1)
        return numbers.astype(np.int64)

    def torch_seed(self) -> int:
        """A seed for torch's generators, in [0, 2⁶³)."""
        return int(self._sequence().generate_state(1, np.uint64)[0]) >> 1

    def _sequence(self) -> np.random.SeedSequence:
        """Of two 32-bit words per part, in a fixed order.

        The fixed width matters: SeedSequence takes ``[2**32]`` for ``[0, 1]``
        and ``[1]`` for ``[1, 0]``.
        """
        parts = (
            self.suite_seed,
            self.scenario,
            self.initial_set,
            self.seed,
            self.cycle,
            self.purpose,
            self.number,
        )
        integers = [_integer(part) for part in parts]
        words = [word for integer in integers for word in (integer % _WORD, integer // _WORD)]
        return np.random.SeedSequence(np.array(words, dtype=np.uint32))


def _integer(part: int | str | None) -> int:
    """The part as an integer in [0, 2⁶⁴): None is 0, i is i + 1, a name is its BLAKE2b hash."""
    if part is None:
        return 0
    if isinstance(part, str):
        return int.from_bytes(hashlib.blake2b(part.encode(), digest_size=8).digest(), "little")
    return part + 1
