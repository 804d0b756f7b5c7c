"""What counts as agreement, by kind; and which units are computed before which."""

from dataclasses import replace

import numpy as np
import pytest

from alharness.api.errors import UsageError
from alharness.api.sampler import NEAR, ScoreSampler, near_cut
from alharness.bundles.agreement import Outcome, compared
from alharness.bundles.checking import checked
from alharness.bundles.recomputing import waves
from alharness.bundles.sampling import every, of_row, sample
from alharness.bundles.tolerances import TOLERANCES

LIMITS = {"trial": 0.02, "evaluation": 0.01, "query": 0.1}


@pytest.fixture(scope="module")
def bundle(packed):
    with checked(packed) as found:
        yield found


def of_kind(bundle, kind):
    return next(one for one in bundle.records.values() if one.unit.kind == kind)


def again(record, facts=None, **result):
    return replace(record, result={**record.result, **result}, facts=facts or {})


def test_the_same_result_agrees_bit_for_bit(bundle):
    for record in bundle.records.values():
        found = compared(record, again(record, {"seconds": 7.0}), LIMITS)
        assert (found.outcome, found.away) == (Outcome.IDENTICAL, 0)


@pytest.mark.parametrize(
    ("kind", "name"), [("trial", "validation_accuracy"), ("evaluation", "test_accuracy")]
)
def test_accuracies_agree_within_the_tolerance_of_their_kind(bundle, kind, name):
    record = of_kind(bundle, kind)
    recorded, limit = record.result[name], LIMITS[kind]
    for away, outcome in ((0.9, Outcome.CLOSE), (-0.9, Outcome.CLOSE), (1.1, Outcome.DIFFERENT)):
        other = {name: recorded + away * limit}
        found = compared(record, again(record, checkpoint="ab" * 16, **other), LIMITS)
        assert found.outcome is outcome
        assert found.away == pytest.approx(abs(away) * limit)
        assert f"recorded {recorded:.4f}" in found.said
        # With the recorded weights nothing is tolerated: nobody adds what others might have got.
        found = compared(record, again(record, **other), LIMITS)
        assert found.outcome is Outcome.DIFFERENT
        assert "nothing is tolerated" in found.said
    # Weights that differ in the last bits are another checkpoint, and nothing else.
    assert compared(record, again(record, checkpoint="ab" * 16), LIMITS).outcome is Outcome.CLOSE


def test_trials_that_validated_nothing_are_as_near_as_what_is_measured_of_them(bundle):
    one = of_kind(bundle, "trial")
    record = again(one, validation_accuracy=None, validation_loss=None)
    assert compared(record, again(record), LIMITS).outcome is Outcome.IDENTICAL
    found = compared(record, again(record, checkpoint="ab" * 16), LIMITS)
    assert (found.outcome, found.away) == (Outcome.CLOSE, None)
    assert "nothing was validated" in found.said
    assert compared(record, again(record, parameters=3), LIMITS).outcome is Outcome.DIFFERENT
    found = compared(record, again(one, checkpoint="ab" * 16), LIMITS)
    assert found.outcome is Outcome.DIFFERENT
    assert "only one of the two validated" in found.said


def picks(record, kept, others):
    return [*record.result["indices"][:kept], *others]


def test_picks_agree_when_enough_are_picked_again_or_the_others_were_near_ties(bundle):
    record = of_kind(bundle, "query")
    budget = len(record.result["indices"])
    assert budget == 6
    others = dict.fromkeys(record.result["checkpoints"], "ab" * 16)
    all_again = again(record, indices=record.result["indices"][::-1])
    assert compared(record, all_again, LIMITS).outcome is Outcome.CLOSE
    with_recorded_weights = again(record, indices=picks(record, 5, [1000]))
    found = compared(record, with_recorded_weights, {**LIMITS, "query": 0.9})
    assert found.outcome is Outcome.DIFFERENT
    assert "100 % are asked for" in found.said
    other = again(record, indices=picks(record, 5, [1000]), checkpoints=others)
    found = compared(record, other, LIMITS)
    assert found.outcome is Outcome.DIFFERENT
    assert "5 of 6 images picked again" in found.said
    assert "this sampler gives no scores" in found.said
    assert compared(record, other, {**LIMITS, "query": 0.2}).outcome is Outcome.CLOSE
    lost = record.result["indices"][5]
    tied = again(record, {"near_cut": [lost, 1000, 3]}, indices=picks(record, 5, [1000]))
    found = compared(record, tied, LIMITS)
    assert found.outcome is Outcome.CLOSE
    assert "the others were near-ties at the cut" in found.said
    half = again(record, {"near_cut": [1000]}, indices=picks(record, 5, [1000]))
    found = compared(record, half, LIMITS)
    assert found.outcome is Outcome.DIFFERENT
    assert "1 of the 2 others were no near-ties" in found.said


def test_what_the_record_says_of_near_ties_counts_for_nothing(bundle):
    """Whoever forged the picks forged the facts beside them."""
    record = of_kind(bundle, "query")
    lost = record.result["indices"][5]
    forged = replace(record, facts={"near_cut": [lost, 1000]})
    found = compared(forged, again(record, indices=picks(record, 5, [1000])), LIMITS)
    assert found.outcome is Outcome.DIFFERENT


def test_labels_agree_as_a_whole_or_not(bundle):
    record = of_kind(bundle, "annotation")
    labels = record.result["labels"]
    found = compared(record, again(record, labels=[labels[0] + 1, *labels[1:]]), LIMITS)
    assert found.outcome is Outcome.DIFFERENT
    assert f"{len(labels) - 1} of {len(labels)} labels given again" in found.said


def test_tolerances_are_of_every_kind_that_has_one():
    assert set(TOLERANCES) == {"trial", "evaluation", "query", "representation"}
    assert all(0 < one < 1 for one in TOLERANCES.values())


# Near-ties.


def test_near_the_cut_is_what_other_rounding_might_have_picked():
    scores = np.array([3.0, 2.0, 1.0, 1.0 - 1e-9, 0.5, 0.0])
    assert sorted(near_cut(scores, 3)) == [2, 3]
    assert sorted(near_cut(np.zeros(5), 2)) == [0, 1, 2, 3, 4]
    assert near_cut(scores, 6) == []
    assert near_cut(np.array([np.inf, np.inf, -np.inf]), 1) == []


def test_noise_below_the_limit_never_picks_what_is_not_near():
    """With half of the limit in noise, whatever changes sides is among the images near the cut."""
    rng = np.random.default_rng(3)
    changed = 0
    for _ in range(50):
        scores = rng.normal(size=400)
        noise = rng.uniform(-1, 1, 400) * NEAR * scores.std() / 2
        one, other = (set(np.argsort(-s)[:40].tolist()) for s in (scores, scores + noise))
        changed += len(one ^ other)
        assert one ^ other <= set(near_cut(scores, 40))
    assert changed


def test_a_sampler_that_scores_tells_of_them():
    class Given(ScoreSampler):
        def scores(self, pool):
            return np.array([3.0, 1.0, 1.0, 0.0])

    class Pool:
        n_unlabeled = 4

    sampler = Given()
    sampler.query(Pool(), 2, np.random.default_rng(0))
    assert sorted(sampler.near_cut) == [1, 2]


# What is computed.


def test_trials_come_first_with_those_that_others_read(bundle):
    query = next(
        one for one in bundle.records.values()
        if one.unit.kind == "query" and one.unit.inputs.previous is not None
    )  # fmt: skip
    first, second = waves(bundle, [query.unit.key])
    assert {unit.key for unit in first} == set(query.unit.inputs.reads().weights)
    assert [unit.key for unit in second] == [query.unit.key]


def test_every_unit_comes_once_and_after_what_it_reads(bundle):
    planned = waves(bundle, every(bundle))
    order = [unit.key for wave in planned for unit in wave]
    assert sorted(order) == sorted(bundle.records)
    place = {unit.key: number for number, wave in enumerate(planned) for unit in wave}
    for wave in planned:
        for unit in wave:
            assert all(place[key] < place[unit.key] for key in unit.inputs.reads().weights)


def test_samples(bundle):
    assert sample(bundle, 3, 1) == sample(bundle, 3, 1)
    assert sample(bundle, 3, 1) != sample(bundle, 3, 2)
    assert sample(bundle, 10_000, 1) == every(bundle)
    row = of_row(bundle, "margin")
    assert set(row) < set(every(bundle))
    assert {bundle.records[key].unit.kind for key in row} == {
        "trial", "evaluation", "query", "annotation",
    }  # fmt: skip
    with pytest.raises(UsageError, match="'bald' is no row of the bundle"):
        of_row(bundle, "bald")
