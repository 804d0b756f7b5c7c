"""What a query process is left: what is needed and what is asked for, without what is hidden."""

import sys
from pathlib import Path

import pytest

from alharness import Site
from alharness.work.reach import for_question, of_plugins


@pytest.fixture
def home(tmp_path):
    """A plugin file, its module, a workspace and data, side by side."""
    for name in ("workspace", "module", "data"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").touch()
    (tmp_path / "plugin.py").touch()
    return tmp_path.resolve()


def site(home, *hidden):
    return Site(workspace=home / "workspace", plugin_files=[home / "plugin.py"], hidden=hidden)


def within(paths, home):
    return {str(Path(path).relative_to(home)) for path in paths if Path(path).is_relative_to(home)}


def test_a_folder_that_holds_something_hidden_is_given_without_it(home):
    reach = of_plugins(site(home, home / "data"))
    assert within(reach.read, home) == {"plugin.py", "module"}
    assert within(reach.listed, home) == {"."}
    assert f"{home}: names of the files in it" in reach.open
    assert {sys.prefix, "/usr"} <= set(map(str, reach.read))


def test_a_single_file_is_hidden_in_an_installed_package(home):
    copy = home / "module" / "file"
    (home / "module" / "other").touch()
    assert within(of_plugins(site(home, copy, home / "data")).read, home) == {
        "plugin.py",
        "module/other",
    }


def test_a_link_into_what_is_hidden_is_not_followed(home):
    (home / "labels").symlink_to(home / "data" / "file")
    (home / "up").symlink_to(home.parent)
    (home / "else").symlink_to("/usr")
    found = within(of_plugins(site(home, home / "data")).read, home)
    assert found == {"plugin.py", "module", "else"}


def test_what_is_needed_is_given_also_in_a_hidden_folder_and_said(home):
    """As it is for who keeps the data in the home folder, with everything else."""
    plugin = home / "module" / "file"
    reach = of_plugins(Site(workspace=home / "workspace", plugin_files=[plugin], hidden=[home]))
    assert within(reach.read, home) == {"module", "module/file"}
    assert f"{home / 'module'}: needed by Python or a plugin" in reach.open


def test_a_plugin_may_lie_where_the_data_lies_but_the_data_stays_hidden(home):
    """A data folder of ``.``: there are modules beside the plugin file, and a folder of images."""
    reach = of_plugins(site(home, home, home / "data"))
    assert within(reach.read, home) == {"plugin.py", "module"}
    assert f"{home}: needed by Python or a plugin" in reach.open


def question(home, **parameters):
    return {
        "inputs": {
            "sampler": {"parameters": parameters},
            "network": {"model": {}, "regularizers": []},
        },
        "images": str(home / "workspace" / "images"),
        "labeled": [str(home / "workspace" / "set")],
        "validation": str(home / "workspace" / "validation"),
        "left_out": None,
        "held_out": None,
        "models": [{"path": str(home / "workspace" / "weights")}],
        "committee": [],
        "stored": None,
        "labels": None,
    }


def test_a_question_has_the_files_that_it_names(home):
    here = site(home)
    reach = of_plugins(here)
    added = set(for_question(reach, question(home), here).read) - set(reach.read)
    names = {"images", "set", "validation", "weights"}
    assert within(added, home) == {f"workspace/{name}" for name in names}
    for further in ("left_out", "held_out", "stored", "labels"):
        with_it = question(home) | {further: str(home / "workspace" / further)}
        assert f"{home}/workspace/{further}" in for_question(reach, with_it, here).read


@pytest.mark.parametrize(
    ("named", "given"),
    [
        ("elsewhere/weights", True),
        ("data/file", True),
        ("data", False),
        ("workspace/file", False),
        ("workspace", False),
        (".", False),
        ("absent", False),
    ],
)
def test_what_a_parameter_names_is_given_but_for_what_holds_hidden_labels(home, named, given):
    (home / "elsewhere").mkdir()
    (home / "elsewhere" / "weights").touch()
    here = site(home, home / "data").model_copy(update={"plugin_files": ()})
    before = of_plugins(here)
    asked = question(home, layers=2, weights=[str(home / named)], text="no\0path")
    reach = for_question(before, asked, here)
    assert (str(home / named) in reach.read) is given
    said = f"{home / named}: named by a parameter" in reach.open
    assert said is (named == "data/file")
