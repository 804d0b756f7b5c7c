"""Which units travel together, and that each travels once."""

from hypothesis import given
from hypothesis import strategies as st

from alharness.protocol.planning.together import MOST, together
from alharness.protocol.seeds import SeedPath
from alharness.protocol.units import EvaluationInputs, Identity, Network, TrialInputs, make_unit
from alharness.protocol.units.recipe import Recipe

PLUGIN = Identity(name="x", source="s")


def trial(number, *, stacked=True, epochs=3, cycle=0):
    network = Network(data="d", n_classes=2, in_channels=1, image_size=8, model=PLUGIN)
    inputs = TrialInputs(
        network=network,
        hyperparameters={},
        labeled=tuple(f"l{one}" for one in range(cycle + 1)),
        validation="v",
        loss=PLUGIN,
        recipe=Recipe(epochs=epochs, schedule=PLUGIN, stacked=stacked),
        seed=SeedPath(0, "trial", number=number),
    )
    return make_unit(inputs)


def evaluation(trial_key):
    network = Network(data="d", n_classes=2, in_channels=1, image_size=8, model=PLUGIN)
    return make_unit(
        EvaluationInputs(network=network, hyperparameters={}, trial=trial_key, test="e")
    )


def test_only_stacked_trials_of_one_shape_travel_together():
    alike = [trial(0), trial(1), trial(2)]
    others = [trial(3, stacked=False), trial(4, epochs=4), trial(5, cycle=1), evaluation("t")]
    ready = [alike[0], *others, *alike[1:]]
    assert together(ready, slots=1) == [alike, *([one] for one in others)]


def test_each_slot_has_a_share():
    ready = [trial(number) for number in range(10)]
    assert [len(company) for company in together(ready, slots=2)] == [5, 5]
    assert [len(company) for company in together(ready, slots=3)] == [4, 4, 2]
    assert [len(company) for company in together(ready[:1], slots=2)] == [1]
    many = [trial(number) for number in range(2 * MOST + 1)]
    assert [len(company) for company in together(many, slots=1)] == [MOST, MOST, 1]


@given(
    st.lists(st.tuples(st.booleans(), st.integers(3, 4), st.integers(0, 1)), max_size=40),
    st.integers(1, 9),
)
def test_every_unit_travels_once(kinds, slots):
    ready = [
        trial(number, stacked=stacked, epochs=epochs, cycle=cycle)
        for number, (stacked, epochs, cycle) in enumerate(kinds)
    ]
    travelling = [unit.key for company in together(ready, slots) for unit in company]
    assert sorted(travelling) == sorted(unit.key for unit in ready)
