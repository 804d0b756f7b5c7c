"""Work sites: what they are described by, and the processes that they are."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from alharness import Site, UsageError
from alharness.protocol.units import described_key
from alharness.work import InProcessSite, WorkSite, lanes, sites

names = st.text("abc/ü .", min_size=1)


@given(
    st.builds(
        Site,
        workspace=names,
        plugin_files=st.lists(names),
        device=names,
        query_timeout=st.none() | st.floats(0, exclude_min=True, allow_infinity=False),
        query_memory=st.none() | st.integers(1, 2**40),
        decoders=st.none() | st.integers(1, 2**10),
        hidden=st.lists(names),
    )
)
def test_a_site_is_what_its_description_says(site):
    assert Site.from_json(site.to_json()) == site


def test_a_description_that_does_not_fit_names_the_place():
    with pytest.raises(UsageError, match=r"site\.query_memory: input should be greater than 0"):
        Site.from_json({"workspace": "w", "query_memory": 0})
    with pytest.raises(UsageError, match="site: "):
        Site.from_json(None)


def test_a_site_does_not_change_but_another_device_is_another_site():
    site = Site(workspace="w")
    with pytest.raises(ValidationError):
        site.device = "cpu"
    assert site.on("cuda:1") == Site(workspace="w", device="cuda:1")


def test_each_query_has_a_process_of_its_own(new_desk):
    desk = new_desk("sited")
    queries = sorted(desk.ready("query"), key=lambda unit: unit["inputs"]["sampler"]["name"])
    assert len(queries) == 4
    with WorkSite(desk.site) as site:
        assert [outcome.error for outcome in site.carry_out(queries)] == [None] * 4
    processes = [desk.record(query).facts["notes"]["process"] for query in queries]
    assert len({os.getpid(), *processes}) == 5
    for query in queries:
        assert 0 < desk.record(query).facts["isolation"]["seconds"] < 60


def test_in_this_process_they_are_asked_here(new_desk):
    desk = new_desk("here")
    query = desk.ready("query")[0]
    with InProcessSite(desk.site) as site:
        (outcome,) = site.carry_out([query])
    assert outcome.error is None
    assert desk.record(query).facts["notes"]["process"] == os.getpid()
    assert desk.record(query).facts["isolation"] is None


def test_a_site_that_cannot_start_says_why_of_each_unit(new_desk):
    desk = new_desk("sited")
    units = desk.ready("evaluation")
    with WorkSite(desk.site.on("tpu")) as site:
        outcomes = site.carry_out(units)
    for outcome in outcomes:
        with pytest.raises(UsageError, match="device 'tpu' cannot be used"):
            outcome.result()
    with pytest.raises(UsageError, match="device 'tpu' cannot be used"):
        InProcessSite(desk.site.on("tpu"))


def test_a_closed_site_carries_nothing_out(new_desk):
    desk = new_desk("sited")
    (unit, *_) = desk.ready("evaluation")
    site = WorkSite(desk.site)
    site.close()
    (outcome,) = site.carry_out([unit])
    assert "the work site is closed" in str(outcome.error)
    assert desk.record(unit) is None


def test_lanes():
    assert lanes("cpu", jobs=3) == ["cpu"] * 3
    assert 1 <= len(lanes("cpu")) <= os.cpu_count()
    with pytest.raises(UsageError, match="device 'tpu' cannot be used"):
        lanes("tpu")


def test_units_at_a_time_share_the_threads_that_decode():
    site = Site(workspace="w", device="cpu", decoders=7)
    assert sites(site, jobs=3) == [site.model_copy(update={"decoders": 2})] * 3
    assert [one.decoders for one in sites(site, jobs=8)] == [1] * 8
    cores = len(os.sched_getaffinity(0))
    assert [one.decoders for one in sites(Site(workspace="w", device="cpu"), jobs=1)] == [cores]
    assert [one.decoders for one in sites(Site(workspace="w", device="cpu"))] == [1] * cores


def test_in_this_process_errors_are_those_that_were_raised_and_keep_no_other_unit(new_desk):
    """Also beside units that are none."""
    desk = new_desk("here")
    whole, other = desk.ready("evaluation")
    altered = {**other, "inputs": {**other["inputs"], "test": "another"}}
    unknown = {**whole, "kind": "guess"}
    unknown["key"] = described_key(unknown)
    with InProcessSite(desk.site) as site:
        outcomes = site.carry_out([altered, unknown, whole])
    assert [outcome.key for outcome in outcomes] == [other["key"], unknown["key"], whole["key"]]
    first, second, last = (outcome.error for outcome in outcomes)
    assert (type(first), type(second), last) == (ValueError, ValueError, None)
    assert "is not the digest" in str(first)
    assert "no guess of step" in str(second)
    assert desk.record(whole) is not None
    assert desk.record(other) is None
