"""Every block of code in the documentation, and the test that executes it.

A test asks for ``blocks`` and gets the texts of those that ``CLAIMS`` gives to it, as they are
written. ``text`` is the language of what is printed or drawn, and executes nothing.
"""

import os
import re
import shutil
import site
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
SUITES = ROOT / "benchmarks" / "alharness_suites"
NOTHING_TO_EXECUTE = {"text"}

CLAIMS = {
    "test_the_readmes_files_are_a_plugin_that_pip_installs": [
        ("README.md", "import alharness"),
        ("README.md", "[build-system]"),
    ],
    "test_the_readmes_commands_install_and_bench_it": [
        ("README.md", "pip install -e my_new_sampler"),
    ],
    "test_what_ci_runs": [
        ("README.md", "python3 -m venv .venv && .venv/bin/pip install -e . &&"),
        ("README.md", "python3 -m venv .venv && .venv/bin/pip install -e '.[test]' &&"),
        ("CONTRIBUTING.md", "python3 -m venv"),
        ("docs/explanation/looks.md", "alharness bench"),
        ("docs/explanation/features-track.md", "alharness bench --suite features-quick"),
        ("docs/explanation/features-track.md", "alharness bench --suite foundation-features"),
    ],
    "test_a_script_says_the_same_of_itself": [
        ("docs/explanation/fidelity.md", "pip install scikit-activeml"),
    ],
    "test_the_tutorial_and_reading_its_results": [
        ("docs/tutorial.md", "alharness bench --suite digits-quick\n"),
        ("docs/tutorial.md", "alharness plan"),
        ("docs/tutorial.md", "import alharness"),
        ("docs/tutorial.md", "alharness bench --suite digits-quick --plugin"),
        ("docs/tutorial.md", "alharness bench --suite docs/suites/my-cifar.toml"),
        ("docs/results.md", "alharness report"),
        ("docs/results.md", "import alharness"),
        ("docs/how-to/share-index-sets.md", "alharness splits export"),
        ("docs/how-to/share-index-sets.md", "import json"),
        ("docs/how-to/share-index-sets.md", "alharness splits import"),
    ],
    "test_a_bundle_goes_from_one_workspace_to_another": [
        ("docs/how-to/share-and-verify-results.md", "alharness bench"),
    ],
    "test_the_suite_of_the_reference_is_read_and_planned": [("docs/suites.md", "schema = 1")],
    "test_the_ways_to_write_budgets": [
        ("docs/suites.md", "initial_fraction = 0.10\n"),
        ("docs/suites.md", "initial_labels = 10"),
        ("docs/suites.md", "budgets = ["),
    ],
    "test_cycle_0_and_later_ones_of_the_reference": [("docs/suites.md", "[tuning.space]\n")],
    "test_the_published_results_of_the_reference_are_read": [("docs/plugin-api.md", "schema = 1")],
    "test_a_plugin_is_checked_by_the_command": [
        ("docs/how-to/check-a-plugin.md", "alharness plugins check"),
    ],
    "test_a_plugin_is_checked_by_its_own_tests": [
        ("docs/how-to/check-a-plugin.md", "import alharness.testing"),
        ("docs/how-to/check-a-plugin.md", "import pytest"),
    ],
    "test_a_notebook": [
        ("docs/how-to/use-from-python.md", "import alharness"),
        ("docs/how-to/use-from-python.md", "document = alharness.bench"),
        ("docs/how-to/use-from-python.md", "from alharness.results.document import numbers"),
        ("docs/how-to/use-from-python.md", "frame = alharness.load_results"),
    ],
    "test_statistics_of_a_csv_and_of_a_workspace": [
        ("docs/how-to/get-statistics.md", "alharness stats docs"),
        ("docs/how-to/get-statistics.md", "alharness stats\n"),
    ],
    "test_features_are_written_and_benched_on": [
        ("docs/how-to/bench-on-features.md", "from pathlib import Path"),
        ("docs/how-to/bench-on-features.md", "schema = 1"),
        ("docs/how-to/bench-on-features.md", "alharness plan"),
    ],
    "test_a_representation": [
        ("docs/plugin-api.md", "import alharness\nimport torch\n\n\nclass Colours("),
    ],
    "test_a_site_is_built": [
        ("docs/how-to/publish-a-leaderboard.md", "alharness leaderboard build"),
    ],
    "test_a_paper_is_made": [
        ("docs/how-to/put-it-into-a-paper.md", "alharness leaderboard build"),
        ("docs/how-to/put-it-into-a-paper.md", "import json"),
    ],
    "test_a_bench_is_followed": [("docs/how-to/follow-a-bench-in-mlflow.md", "mlflow ui")],
    "test_parts_of_plugins_do_their_part_in_a_bench": [
        ("docs/plugin-api.md", "import alharness\nimport numpy as np\n\n\nclass Steady("),
        ("docs/plugin-api.md", "import alharness\nimport torch\n\n\nclass PredictsLosses("),
        ("docs/plugin-api.md", "import alharness\nimport torch\nfrom torch.nn.functional import"),
        ("docs/plugin-api.md", "import alharness\n\n\n@alharness.hookimpl\n"),
    ],
    "test_what_a_sampler_needs_of_a_scenario": [
        ("docs/plugin-api.md", "import alharness\n\n\nclass Herds("),
    ],
    "test_a_sampler_that_needs_no_model_chooses_its_initial_sets": [
        ("docs/plugin-api.md", "import alharness\nimport numpy as np\n\n\nclass Spread("),
    ],
    "test_strategies_of_scikit_activeml_and_a_function": [
        ("docs/how-to/use-scikit-activeml.md", "compared = ["),
        ("docs/how-to/use-scikit-activeml.md", "import alharness"),
    ],
    "test_a_sampler_goes_through_the_one_epoch_loop": [
        ("docs/plugin-api.md", "from alharness.epochs import"),
    ],
    "test_an_executor_and_the_command_of_a_work_site": [
        ("docs/plugin-api.md", "import json\nimport subprocess"),
        ("docs/plugin-api.md", "python -m alharness.work"),
    ],
}
"""Which test executes which blocks: the page, and how the block begins."""


@dataclass(frozen=True)
class Block:
    """A fenced block of code; ``line`` is that of its fence."""

    page: str
    line: int
    language: str
    text: str

    @property
    def place(self):
        return f"{self.page}:{self.line}"


def blocks_of(text, page):
    """The fenced blocks of a page."""
    found, fence, opened, inside = [], None, 0, []
    for number, line in enumerate(text.splitlines(), start=1):
        marker = re.match(r" *(`{3,}|~{3,})(.*)$", line)
        if fence is None and marker:
            (fence, language), opened, inside = marker.groups(), number, []
        elif marker and marker[1].startswith(fence) and not marker[2].strip():
            text = "".join(f"{one}\n" for one in inside)
            found.append(Block(page, opened, language.strip(), text))
            fence = None
        else:
            inside.append(line)
    assert fence is None, f"{page}:{opened}: the block never ends"
    return found


@pytest.fixture(scope="session")
def all_blocks():
    """Every block that has something to execute."""
    found = []
    for page in PAGES:
        found += blocks_of(page.read_text(), page.relative_to(ROOT).as_posix())
    return [block for block in found if block.language not in NOTHING_TO_EXECUTE]


@pytest.fixture(scope="session")
def claims():
    return CLAIMS


@pytest.fixture(name="blocks_of")
def blocks_of_fixture():
    return blocks_of


@pytest.fixture(scope="session")
def first_sampler(all_blocks):
    """The module that the README and the tutorial begin with."""
    return next(one.text for one in all_blocks if one.language == "python")


@pytest.fixture
def blocks(request, all_blocks):
    """The texts that are given to a test, in the order of ``CLAIMS``."""
    return [
        next(one.text for one in all_blocks if one.page == page and one.text.startswith(start))
        for page, start in CLAIMS[request.node.originalname]
    ]


class Shell:
    """Runs commands in a folder where ``python``, ``pip`` and ``alharness`` are the tested ones.

    They belong to a throw-away environment that sees the packages of the tests'. Its suites
    have the names of the real ones, and so few trainings that benches take seconds. The folder
    has the repository's ``docs`` in it.
    """

    def __init__(self, folder, environment):
        self.folder, self.environment = folder, environment
        folder.mkdir()
        (folder / "docs").symlink_to(ROOT / "docs")
        path = os.pathsep.join([str(environment / "bin"), os.environ["PATH"]])
        self.variables = {**os.environ, "PATH": path, "NO_COLOR": "1"}

    def run(self, text, timeout=170):
        """What a block prints; its commands all have to end well."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text],
            cwd=self.folder,
            env=self.variables,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    def program(self, name, text):
        """A program on the PATH."""
        path = self.environment / "bin" / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)


OFFLINE = "--no-build-isolation --no-deps --no-index --disable-pip-version-check"
FEW = {"initial_sets": 2, "seeds": 1, "trials": 1, "epochs": 1, "final_fraction": 0.2}


@pytest.fixture
def shell(tmp_path):
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    (packages,) = environment.glob("lib/*/site-packages")
    seen = "".join(f"site.addsitedir({one!r}); " for one in site.getsitepackages())
    (packages / "tests.pth").write_text(f"import site; {seen}\n")
    # Found before the real ones, and named by the same entry point.
    shutil.copytree(SUITES, packages / SUITES.name)
    for suite in packages.glob(f"{SUITES.name}/*.toml"):
        suite.write_text(shortened(suite.read_text()))
    made = Shell(tmp_path / "folder", environment)
    python = environment / "bin" / "python"
    made.program("pip", f'exec "{python}" -m pip "$@" {OFFLINE}')
    made.program("alharness", f'exec "{python}" -m alharness "$@"')
    return made


def shortened(suite):
    for name, few in FEW.items():
        suite = re.sub(rf"^{name} = .*$", f"{name} = {few}", suite, flags=re.MULTILINE)
    return suite
