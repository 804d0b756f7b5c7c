"""Fixtures of all tests."""

import fcntl
import os
import runpy
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def pytest_configure(config: pytest.Config) -> None:
    """Let Ctrl-C reach the benches of tests, also where the tests run in a shell's background.

    How wide the terminal is that tests are started in changes nothing that they read. Of several
    processes of tests each computes on one thread: more threads than cores wait for each other.
    """
    if config.getoption("numprocesses", None):
        for variable in THREAD_VARIABLES:
            os.environ.setdefault(variable, "1")
    os.environ.pop("COLUMNS", None)
    os.unsetenv("COLUMNS")  # readline sets it for children, unseen by os.environ
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of data that is not part of the repository; skips where it is absent."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("ALHARNESS_TEST_DATA", beside))
    if not folder.is_dir():
        pytest.skip(f"no test data at {folder}; set ALHARNESS_TEST_DATA to their folder")
    return folder


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable], Path]:
    """``made_once(name, make)``: a folder that one process of the tests makes, and all read."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def made(name: str, make: Callable[[Path], None]) -> Path:
        folder, done = shared / f"once-{name}", shared / f"once-{name}.made"
        with (shared / f"once-{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                folder.mkdir()
                make(folder)
                done.touch()
        return folder

    return made


@pytest.fixture(scope="session")
def empty_database(made_once) -> Path:
    """An MLflow database without runs, to be copied: MLflow takes six seconds to create one."""

    def make(folder: Path) -> None:
        from mlflow import MlflowClient

        MlflowClient(f"sqlite:///{folder}/mlflow.db").search_experiments()

    return made_once("database", make) / "mlflow.db"


@pytest.fixture(scope="session")
def made_up() -> SimpleNamespace:
    """Documents of benches that never were: ``made_up.document(methods=200, scenarios=20)``."""
    return SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("made_up.py"))))


@pytest.fixture
def one_thread() -> Iterator[None]:
    """torch computes on one thread, as units do; many small tensors gain nothing from more."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
