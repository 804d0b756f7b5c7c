"""What a document tells of a scenario's setting: what is trained on, what is queried, what lacks.

Readers have to know it to compare results. One part decides something: initial sets that are all
the same repeat nothing, so that there is nothing to test.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from alharness.results.part import Part

TASK_MODEL: Final = "the cycle's own model"
"""Which model samplers ask."""


class Probe(Part):
    """A linear probe of features that somebody else computed and of labels, in one order.

    accuracy: on ``n`` rows that it was not fitted to. chance: the largest class's share of them.
    """

    accuracy: float = Field(ge=0, le=1)
    chance: float = Field(ge=0, le=1)
    n: int = Field(ge=1)


class Representation(Part):
    """What models are trained on instead of images: features, computed once for a data set.

    label, distribution, version, source: of its plugin, as of every component. precision: what
    features are kept in. width: numbers of an image. digest: of the training features.
    order: how it is known that they are in the order of the data set: ``computed`` by the
    harness, ``verified by …`` what came with features that somebody else computed, or
    ``not verifiable``, where that is so of the training or of the test features. These three are
    None while they are not computed. probe: where the order is not verifiable and there are images
    enough, a probe of these features.
    """

    label: str
    distribution: str
    version: str
    source: str
    precision: Literal["float16", "float32"]
    width: int | None = Field(ge=1)
    digest: str | None
    order: str | None
    probe: Probe | None = None


class Querying(Part):
    """How samplers are asked.

    pool_subset: how many unlabeled images, drawn at random, a sampler sees at most; None for all.
    model: which model they ask.
    """

    pool_subset: int | None = Field(ge=1)
    model: str


class FirstSets(Part):
    """The initial sets of a method's runs, where samplers choose them.

    method: its label. chosen_by: that of the sampler that chose: itself, or the reference.
    overlap: of the sets of two initial sets and the same seed, what share of one is in the other,
    |A∩B|/b: the mean over pairs, to four digits; None where there are none.
    alike: whether all of them, of each seed, are the same.
    """

    method: str
    chosen_by: str
    overlap: Annotated[float, Field(ge=0, le=1)] | None
    alike: bool


class NotApplicable(Part):
    """A method that has no runs, since the scenario lacks what it needs.

    method: its label. reason: what is lacking, in a line.
    """

    method: str
    reason: str
