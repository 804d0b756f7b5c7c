"""What should be logged of a bench."""

from collections.abc import Iterator
from dataclasses import replace

from alharness.protocol.planning.run import State
from alharness.protocol.planning.survey import Planner, Survey
from alharness.protocol.units import Identity, make_unit
from alharness.tracking.logged_run import FAILURE_TAG, LoggedRun
from alharness.tracking.tracking_plan import Contents, Planned, TrackingPlan


def make_plan(lab) -> TrackingPlan:
    return TrackingPlan(lab.bench, lab.record, lab.curves, lab.failures)


def written(plan: TrackingPlan, survey: Survey, there: Contents) -> Iterator[Planned]:
    """What is missing, each written at once, as the tracker does."""
    for planned in plan.missing(survey, there):
        there.states[planned.key] = planned.state
        yield planned


def logged(lab) -> list[LoggedRun]:
    return [planned.build() for planned in written(make_plan(lab), lab.survey(), Contents())]


def by_name(lab) -> dict[str, LoggedRun]:
    return {run.name: run for run in logged(lab) if run.parent is None}


def trials(lab) -> list[LoggedRun]:
    return [run for run in logged(lab) if run.parent is not None]


def last(run: LoggedRun, metric: str) -> dict[int, float]:
    return {point.step: point.value for point in run.metrics if point.metric == metric}


def test_nothing_is_logged_before_anything_is_recorded(laboratory) -> None:
    assert logged(laboratory()) == []


def test_every_trial_once_and_parents_first(laboratory) -> None:
    lab = laboratory()
    lab.work()
    runs = logged(lab)
    recorded = {key for key, record in lab.records.items() if record.unit.kind == "trial"}
    assert sorted(run.key for run in runs if run.parent) == sorted(recorded)
    seen: set[str | None] = {None}
    for run in runs:
        assert run.parent in seen
        seen.add(run.key)


def test_trials_of_cycle_0_are_below_shared_and_the_others_below_their_run(laboratory) -> None:
    lab = laboratory()
    lab.work()
    names = {run.key: run.name for run in by_name(lab).values()}
    for trial in trials(lab):
        place = f"{trial.params['initial_set']}/{trial.params['seed']}"
        assert trial.parent is not None
        if trial.params["cycle"] == "0":
            assert names[trial.parent] == f"shared/s/{place}"
        else:
            assert names[trial.parent] in {f"s/random/{place}", f"s/margin/{place}"}
    run = by_name(lab)["s/margin/1/0"]
    first = {t.key: names[t.parent] for t in trials(lab)}[run.tags["alharness.trial.0"]]
    assert first == run.tags["alharness.shared"] == "shared/s/1/0"


def test_trials_of_a_set_that_a_method_chose_for_itself_are_below_its_run(laboratory) -> None:
    """Those that start from the reference's choice are shared."""
    for choosers, whose in ((("random", "margin"), "s/margin"), (("random",), "shared/s")):
        lab = laboratory(choosers=choosers)
        lab.work()
        named = by_name(lab)
        names = {run.key: run.name for run in named.values()}
        below = {trial.key: names[trial.parent] for trial in trials(lab)}
        for place in ("0/0", "1/0"):
            run = named[f"s/margin/{place}"]
            assert below[run.tags["alharness.trial.0"]] == f"{whose}/{place}"
            assert ("alharness.shared" in run.tags) == (whose == "shared/s")
            of_random = named[f"s/random/{place}"].tags["alharness.trial.0"]
            assert below[of_random] == f"shared/s/{place}"


def test_trials_with_an_extension_are_below_their_run_in_cycle_0_too(laboratory) -> None:
    """Only its method trains them."""
    lab = laboratory()
    state = lab.work(1)
    run = next(one for one in state.runs if one.name == "s/margin/0/0")
    for slot, step in run.steps.items():
        if slot.kind == "trial" and slot.cycle == 0:
            inputs = step.unit.inputs.model_copy(
                update={"extension": Identity(name="e", source="s")}
            )
            unit = make_unit(inputs)
            lab.finish(unit)
            run.steps[slot] = step._replace(unit=unit)
    own, *nested = (one.build() for one in make_plan(lab).planned(run, set()))
    assert own.name == run.name
    assert "alharness.shared" not in own.tags
    assert [one.parent for one in nested] == [own.key] * 2


def test_a_run_has_its_cycles_as_steps(laboratory) -> None:
    lab = laboratory()
    survey = lab.work()
    run = by_name(lab)["s/margin/0/0"]
    here = next(one for one in survey.runs if one.name == "s/margin/0/0")
    chosen = [lab.result(unit)["validation_accuracy"] for unit in here.chosen]
    assert last(run, "validation_accuracy") == dict(zip([10, 20, 30], chosen, strict=True))
    assert set(last(run, "test_accuracy")) == {10, 20, 30}
    assert last(run, "labels") == {10: 10, 20: 20, 30: 30}
    assert last(run, "labels_with_validation") == {10: 20, 20: 30, 30: 40}
    assert last(run, "share_of_ties") == {10: 0.25, 20: 0.25}
    assert last(run, "note.gap") == {10: 0.5, 20: 0.5}
    assert not last(run, "note.ended") | last(run, "note.proven")
    assert last(run, "cost") == {10: 10.0, 20: 10.0}
    assert run.params["method"] == "margin"
    assert run.params["method_source"] == "source"
    rate = str(here.chosen[1].inputs.hyperparameters["learning-rate"])
    assert run.params["chosen.1.learning-rate"] == rate
    assert run.status == "FINISHED"
    assert run.ended is not None


def test_a_run_without_a_validation_set_has_no_validation_accuracy(laboratory) -> None:
    lab = laboratory(trials=1)
    lab.work()
    unvalidated = {"validation_accuracy": None, "validation_loss": None}
    for key, record in lab.records.items():
        if record.unit.kind == "trial":
            lab.records[key] = replace(record, result=record.result | unvalidated)
    own, trial = by_name(lab)["s/margin/0/0"], trials(lab)[0]
    assert not last(own, "validation_accuracy")
    assert last(own, "labels") == {10: 10, 20: 20, 30: 30}
    assert set(last(own, "test_accuracy")) == {10, 20, 30}
    assert not last(trial, "best_validation_accuracy") | last(trial, "best_validation_loss")
    assert last(trial, "best_epoch") == {2: 2.0}


def test_a_trial_has_its_epochs_as_steps_and_no_value_where_the_loss_diverged(laboratory) -> None:
    lab = laboratory()
    lab.work(1)
    trial = trials(lab)[0]
    assert last(trial, "training_loss") == {0: 3.0, 2: 1.0}
    assert set(last(trial, "validation_accuracy")) == {0, 1, 2}
    assert last(trial, "best_epoch") == {2: 2.0}
    assert trial.params["number"] in {"0", "1"}
    assert trial.tags["alharness.plugin.model.m"] == "dist 1.0 source"
    assert trial.ended is not None
    assert trial.ended > trial.started
    assert {point.time for point in trial.metrics} <= set(range(trial.started, trial.ended + 1))


def test_a_trial_names_the_one_whose_weights_it_went_on_from(laboratory) -> None:
    lab = laboratory(warm=True)
    lab.work()
    runs = by_name(lab)
    chosen = {
        run.tags[f"alharness.trial.{cycle}"]
        for run in runs.values()
        if run.tags["alharness.kind"] == "run"
        for cycle in (0, 1)
    }
    assert {run.params["warm_start"] for run in runs.values()} == {"yes"}
    later = [run for run in trials(lab) if run.params["cycle"] != "0"]
    assert {run.tags["alharness.start"] for run in later} == chosen
    cold = laboratory()
    cold.work()
    assert not any("alharness.start" in run.tags for run in trials(cold))
    assert not any("warm_start" in run.params for run in by_name(cold).values())


def test_one_trial_of_each_tuning_is_chosen_once_all_are_recorded(laboratory) -> None:
    lab = laboratory(trials=3)
    first = lab.survey().ready()[0]
    lab.finish(first)
    before = {run.key: run for run in trials(lab)}[first.key]
    assert before.tags["alharness.chosen"] == "no"
    lab.work()
    chosen = [run for run in trials(lab) if run.tags["alharness.chosen"] == "yes"]
    assert len(chosen) == 2 * (1 + 2 * 2)
    assert not {run.state for run in chosen} & {
        run.state for run in trials(lab) if run.tags["alharness.chosen"] == "no"
    }, "a choice that becomes known changes the state"


def test_the_state_of_a_parent_changes_with_what_it_holds(laboratory) -> None:
    lab = laboratory()
    held: dict[str, tuple] = {}
    while ready := lab.survey().ready():
        lab.finish(ready[0])
        for run in by_name(lab).values():
            if run.tags["alharness.kind"] == "run":
                held.setdefault(run.state + run.key, tuple(run.metrics))
                assert held[run.state + run.key] == tuple(run.metrics)


def test_an_unfinished_run_is_running_and_a_failed_one_says_why(laboratory) -> None:
    lab = laboratory(seeds=2)
    lab.work(1)
    assert {run.status for run in by_name(lab).values() if run.tags["alharness.kind"] == "run"} == {
        "RUNNING"
    }
    broken = next(
        step.unit
        for run in lab.survey().runs
        if run.name == "s/margin/0/0"
        for slot, step in run.steps.items()
        if step.state is State.READY and slot.kind == "query"
    )
    lab.failures[broken.key] = "out of luck"
    lab.work()
    runs = by_name(lab)
    assert (runs["s/margin/0/0"].status, runs["s/margin/0/0"].tags[FAILURE_TAG]) == (
        "FAILED",
        "out of luck",
    )
    assert runs["s/margin/0/1"].tags[FAILURE_TAG].startswith("blocked")
    assert runs["s/margin/1/0"].status == "FINISHED"
    assert FAILURE_TAG not in runs["s/margin/1/0"].tags


def test_a_run_that_replays_another_one_says_so_and_why_it_is_blocked(
    laboratory, replaying
) -> None:
    lab = laboratory()
    lab.bench = replaying(lab.bench)
    lab.work(1)
    query = next(
        step.unit
        for run in lab.survey().runs
        if run.name == "s/margin/0/0"
        for slot, step in run.steps.items()
        if slot == (0, "query", 0)
    )
    lab.failures[query.key] = "out of luck"
    lab.work()
    runs = by_name(lab)
    assert runs["target/random/1/0"].params["replay"] == "s"
    assert "replay" not in runs["s/random/1/0"].params
    assert {"shared/target/0/0", "shared/s/0/0"} < runs.keys()
    blocked = runs["target/margin/0/0"]
    assert blocked.status == "FAILED"
    assert blocked.tags[FAILURE_TAG] == "blocked: s/margin/0/0, which it replays, did not go on"
    assert blocked.tags["alharness.shared"] == "shared/target/0/0"


def test_another_source_of_a_method_is_another_run_with_the_same_shared_trials(laboratory) -> None:
    old, new = laboratory(), laboratory(margin_source="changed")
    old.work()
    new.work()
    before, after = by_name(old), by_name(new)
    assert before["s/margin/0/0"].key != after["s/margin/0/0"].key
    assert before["s/random/0/0"].key == after["s/random/0/0"].key
    assert before["shared/s/0/0"].key == after["shared/s/0/0"].key


def test_a_run_that_is_logged_and_did_not_change_is_not_walked_again(laboratory) -> None:
    lab = laboratory()
    lab.work()
    plan, there, planner = make_plan(lab), Contents(), Planner(lab.bench, lab)
    first = planner.survey()
    assert list(written(plan, first, there))
    walked = walks_of(plan)
    assert list(written(plan, planner.resurvey(set(), ()), there)) == []
    assert walked == []
    assert list(written(plan, lab.survey(), there)) == []
    assert len(walked) == len(first.runs)


def test_only_what_changed_is_walked_again(laboratory) -> None:
    lab = laboratory()
    lab.work(1)
    plan, there, planner = make_plan(lab), Contents(), Planner(lab.bench, lab)
    state = planner.survey()
    list(written(plan, state, there))
    walked = walks_of(plan)
    query = next(
        step.unit
        for run in state.runs
        if run.name == "s/margin/0/0"
        for step in run.steps.values()
        if step.state is State.READY and step.unit is not None and step.unit.kind == "query"
    )
    lab.finish(query)
    later = planner.resurvey({query.key}, ())
    new = [planned.build().name for planned in written(plan, later, there)]
    assert new == ["s/margin/0/0"]
    assert walked == ["s/margin/0/0"]
    assert there.complete == set(later.runs), "no run of an earlier survey is kept alive"


def test_what_was_not_written_is_planned_again(laboratory) -> None:
    lab = laboratory()
    state = lab.work()
    plan, there = make_plan(lab), Contents()
    missing = [planned.key for planned in plan.missing(state, there)]
    assert [planned.key for planned in written(plan, state, there)] == missing
    assert list(plan.missing(state, there)) == []


def walks_of(plan: TrackingPlan) -> list[str]:
    """The names of the runs that are walked from now on."""
    walked: list[str] = []
    walk = plan.planned

    def noting(run, chosen):
        walked.append(run.name)
        return walk(run, chosen)

    plan.planned = noting
    return walked


def test_a_trial_whose_curves_are_lost_keeps_the_rest(laboratory) -> None:
    lab = laboratory()
    lab.work(1)
    lab.curves = lambda unit: None
    trial = trials(lab)[0]
    assert {point.metric for point in trial.metrics} == {
        "best_validation_accuracy", "best_validation_loss", "best_epoch"
    }  # fmt: skip


def test_while_a_run_goes_on_its_trials_are_not_read_each_time(laboratory) -> None:
    lab = laboratory(trials=4)
    state = lab.work(5)
    read: list[str] = []
    record = lab.record

    def reading(unit):
        read.append(unit.kind)
        return record(unit)

    plan = TrackingPlan(lab.bench, reading, lab.curves, {})
    runs = {one.key: one for run in state.runs for one in plan.planned(run, set())}
    built = {key: planned.build for key, planned in runs.items() if "RUNNING" in planned.state}
    for build in built.values():
        read.clear()
        run = build()
        assert run.started > 0
        assert read.count("trial") <= 1 + len({point.step for point in run.metrics})
    assert built


def test_a_logged_run_survives_the_pipe(laboratory) -> None:
    lab = laboratory()
    lab.work()
    for run in logged(lab):
        assert LoggedRun.from_json(run.to_json()) == run
