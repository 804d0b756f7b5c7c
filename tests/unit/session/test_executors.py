"""Which executor a command line asks for, and with which parameters."""

from types import SimpleNamespace

import pytest

from alharness import PluginError, UsageError
from alharness.protocol.components import Reference
from alharness.registry import discover
from alharness.session.asked import Computing
from alharness.session.executors import executor_reference, open_executor

PLUGINS = """
import alharness


class Never(alharness.Executor):
    def open(self, site):
        raise ConnectionError("no queue")

    def submit(self, unit):
        raise NotImplementedError

    def shutdown(self):
        pass


class NoSlots(Never):
    slots = 0

    def open(self, site):
        pass


@alharness.hookimpl
def alharness_executors():
    yield alharness.ExecutorSpec("never", Never)
    yield alharness.ExecutorSpec("no-slots", NoSlots)
"""


def computing(executor, jobs=None, jobs_per_gpu=None, device="cpu"):
    return Computing(executor, device, jobs, jobs_per_gpu, 60.0, None)


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """What is opened, as far as an executor is concerned."""
    folder = tmp_path_factory.mktemp("opened")
    file = folder / "never.py"
    file.write_text(PLUGINS)
    return SimpleNamespace(
        registry=discover([file]),
        workspace=SimpleNamespace(root=folder),
        plugin_files=(file,),
        bench=SimpleNamespace(conditions=()),
        data_dir=folder / "data",
    )


@pytest.mark.parametrize(
    ("asked", "parameters"),
    [
        (computing("local"), {}),
        (computing("local", jobs=3, jobs_per_gpu=2), {"jobs": 3, "jobs_per_gpu": 2}),
        (computing("local:jobs=3"), {"jobs": 3}),
        (computing("local:jobs=3", jobs_per_gpu=2), {"jobs": 3, "jobs_per_gpu": 2}),
    ],
)
def test_options_are_parameters(opened, asked, parameters):
    assert executor_reference(opened.registry, asked) == Reference("local", parameters)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (computing("locl"), "no executor named 'locl'; did you mean 'local'"),
        (computing("local:jobs=0"), "parameter 'jobs' is 0"),
        (computing("local:job=1"), "no parameter 'job'. Did you mean 'jobs'"),
        (computing("local:jobs=1", jobs=2), "--jobs: 'jobs' is set by --executor, too"),
        (computing("inline", jobs=2), "--jobs: executor 'inline' .* has no parameter 'jobs'"),
        (computing("inline", jobs_per_gpu=2), "--jobs-per-gpu: executor 'inline'"),
        (computing("inline", device="tpu"), "device 'tpu' cannot be used"),
        (computing("local", device="tpu"), "device 'tpu' cannot be used"),
    ],
)
def test_what_cannot_be_is_bad_input(opened, asked, message):
    with pytest.raises(UsageError, match=message):
        open_executor(opened, asked, print)


@pytest.mark.parametrize(
    ("name", "message"),
    [("never", "open raised ConnectionError: no queue"), ("no-slots", "slots is 0")],
)
def test_an_executor_that_cannot_be_used_is_named(opened, name, message):
    with pytest.raises(PluginError, match=rf"executor '{name}' \(\(file\) -\): {message}"):
        open_executor(opened, computing(name), print)


@pytest.mark.parametrize(("name", "n_lines"), [("inline", 1), ("local:jobs=2", 0)])
def test_who_isolates_nothing_says_so(opened, name, n_lines):
    lines = []
    executor = open_executor(opened, computing(name), lines.append)
    executor.shutdown()
    assert executor.slots == (1 if name == "inline" else 2)
    assert len(lines) == n_lines
    assert all("samplers are not isolated" in line for line in lines)
