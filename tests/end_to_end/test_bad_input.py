"""Bad input ends with one line that says what, where and what to do; nothing is damaged."""

import shutil
import subprocess

import pytest
from click.testing import CliRunner

from alharness import ExitCode
from alharness.cli.main import alharness as the_command

BROKEN_PLUGIN = "import nothing_of_that_name\n"

FAILING_DATASET = """
import alharness


class Failing(alharness.Dataset):
    def load(self, root, download):
        raise ValueError("no images today")


@alharness.hookimpl
def alharness_datasets():
    yield alharness.DatasetSpec("failing", Failing)
"""

SUITES = {
    "unknown key": (
        [("seeds = 2", "seads = 2")],
        ["protocol.seads: unknown key", "Did you mean 'seeds'?"],
    ),
    "wrong type": (
        [("epochs = 1", 'epochs = "many"')],
        ['training.epochs: "many" (a string) does not fit', "Write a whole number"],
    ),
    "a missing table": (
        [("[training]\nepochs = 1\n", "")],
        ["training: is missing", "Write a table [training]"],
    ),
    "no TOML": ([("[tuning]", "[tuning")], ["is not TOML", "line 16", "Mend that line"]),
    "fractions above all": (
        [("final_fraction = 0.2", "final_fraction = 0.9"),
         ("validation_fraction = 0.10", "validation_fraction = 0.2")],
        ["protocol.final_fraction: 0.9 and validation_fraction = 0.2 are more than all"],
    ),
    "fractions that leave a rest": (
        [("query_fraction = 0.1", "query_fraction = 0.07")],
        ["protocol.query_fraction: from 0.1 to 0.2 is not a whole number of queries", "divides"],
    ),
    "unknown sampler": (
        [('"margin"', '"margim"')],
        ["no sampler named 'margim'; did you mean 'margin'?", "methods"],
    ),
    "unknown model": (
        [('"mlp"', '"mlq"')],
        ["no model named 'mlq'; did you mean 'mlp'?", "scenario 'digits-mlp'"],
    ),
    "unknown parameter": (
        [('"mlp"', '{ model = "mlp", hiden = 3 }')],
        ["no parameter 'hiden'", "Did you mean 'hidden'?", "scenario 'digits-mlp'"],
    ),
    "a dataset too small for its fractions": (
        [("initial_fraction = 0.1", "initial_fraction = 0.0001"),
         ("query_fraction = 0.1", "query_fraction = 0.1999")],
        ["protocol.initial_fraction: the initial set of 1437 training images is empty",
         "scenario 'digits-mlp'", "Use a larger dataset or larger fractions"],
    ),
    "a hyper-parameter that nobody owns": (
        [("[training]", "momentun = [0.9]\n\n[training]")],
        ["momentun", "no such hyper-parameter"],
    ),
    "data that are not there": (
        [('"digits"', '"cifar10"')],
        ["dataset 'cifar10'", "scenario 'digits-mlp'", "--data-dir", "--download"],
    ),
    "a limit of no image": (
        [('"digits"', '{ dataset = "cifar10", limit = 0 }')],
        ["dataset 'cifar10'", "parameter 'limit' is 0", "greater than or equal to 1"],
    ),
    "a limit that is no number": (
        [('"digits"', '{ dataset = "cifar100", limit = "few" }')],
        ["dataset 'cifar100'", "parameter 'limit' is 'few'", "valid integer"],
    ),
}  # fmt: skip

OPTIONS = {
    "unknown suite": (["--suite", "digits-quik"], ["did you mean 'digits-quick'?"]),
    "no such suite file": (["--suite", "absent.toml"], ["absent.toml", "No such file"]),
    "unknown sampler": (["--plugin", "margim"], ["no sampler named 'margim'", "margin"]),
    "a setting without value": (["--plugin", "margin:a=1,b"], ["'b'", "parameter=value"]),
    "no name": (["--plugin", ":a=1"], ["names no plugin", "NAME"]),
    "unknown parameter": (["--plugin", "margin:a=1"], ["no parameter 'a'. It takes none"]),
    "no such plugin file": (["--plugin-file", "absent.py"], ["absent.py", ".py file that exists"]),
    "a workspace that is a file": (
        ["--workspace", "tiny.toml"],
        ["is not", "--workspace"],
    ),
    "a workspace below a file": (["--workspace", "tiny.toml/below"], ["workspace is not"]),
}


@pytest.fixture
def benched(alharness, finished_bench):
    shutil.copytree(finished_bench.workspace().root, alharness.workspace().root)
    return alharness


@pytest.fixture
def here(benched, monkeypatch):
    """Runs a command in the folder of ``benched``, but in this process, which started already."""
    monkeypatch.chdir(benched.folder)
    benched.suite(regularizers='["weight-decay"]')

    def run(command, *options):
        places = ["--suite", "tiny.toml", "--workspace", "workspace"]
        words = [command, *places, *map(str, options)]
        result = CliRunner().invoke(the_command, words)
        return subprocess.CompletedProcess(words, result.exit_code, result.stdout, result.stderr)

    return run


def is_one_line(finished, code, *parts):
    assert finished.returncode == code, finished.stderr
    assert finished.stdout == ""
    (line,) = finished.stderr.splitlines()
    assert line.startswith("Error: ")
    for part in parts:
        assert part in line
    return True


@pytest.mark.parametrize("name", SUITES)
def test_a_bad_suite(benched, here, name):
    changes, parts = SUITES[name]
    text = (benched.folder / "tiny.toml").read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (benched.folder / "tiny.toml").write_text(text)
    before = benched.workspace().everything()
    (benched.folder / "data").mkdir()
    finished = here("bench", "--data-dir", "data")
    assert is_one_line(finished, ExitCode.USAGE, "tiny.toml", *parts)
    assert benched.workspace().everything() == before


@pytest.mark.parametrize("command", ["bench", "plan"])
@pytest.mark.parametrize("name", OPTIONS)
def test_a_bad_option(benched, here, name, command):
    options, parts = OPTIONS[name]
    before = benched.workspace().everything()
    finished = here(command, *options)
    assert is_one_line(finished, ExitCode.USAGE, *parts)
    assert benched.workspace().everything() == before


def test_a_bad_device(benched):
    before = benched.workspace().everything()
    finished = benched.bench("--device", "abacus")
    assert is_one_line(finished, ExitCode.USAGE, "--device", "'abacus'", "auto, cpu, cuda")
    assert benched.workspace().everything() == before


def test_a_broken_plugin_that_is_needed(benched):
    plugin = benched.folder / "mine.py"
    plugin.write_text(BROKEN_PLUGIN)
    before = benched.workspace().everything()
    finished = benched.bench("--plugin-file", plugin, "--plugin", "mine")
    assert is_one_line(
        finished, ExitCode.PLUGIN, "no sampler named 'mine'", "(file)", "nothing_of_that_name"
    )
    assert benched.workspace().everything() == before


def test_a_dataset_that_fails(benched):
    plugin = benched.folder / "mine.py"
    plugin.write_text(FAILING_DATASET)
    benched.suite(dataset='"failing"')
    before = benched.workspace().everything()
    finished = benched.bench("--plugin-file", plugin)
    assert is_one_line(
        finished, ExitCode.PLUGIN, "dataset 'failing' ((file) -)", "ValueError: no images today"
    )
    assert benched.workspace().everything() == before


@pytest.mark.slow
def test_damaged_files_of_a_dataset(benched):
    folder = benched.folder / "data" / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    for name in ("data_batch_1", "test_batch", "batches.meta"):
        (folder / name).write_bytes(b"damaged")
    benched.suite(dataset='"cifar10"')
    finished = benched.bench("--data-dir", "data")
    assert is_one_line(finished, ExitCode.USAGE, "dataset 'cifar10'", "damaged", "--download")


def test_debug_shows_the_traceback(alharness):
    finished = alharness.run("--debug", "bench", "--suite", "absent.toml")
    assert finished.returncode == ExitCode.USAGE
    assert "Traceback" in finished.stderr
    assert finished.stderr.splitlines()[-1].startswith("Error: absent.toml: cannot be read")
