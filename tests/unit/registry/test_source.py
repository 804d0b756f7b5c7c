"""The digest of a plugin's own source: it changes with the code and with nothing else."""

import json
import os
import py_compile
import shutil
import sys

import pytest

from alharness import PluginError
from alharness.registry import discover
from alharness.registry.source import Digests, own_files

SAMPLER = """
import alharness

@alharness.hookimpl
def alharness_samplers():
    yield alharness.SamplerSpec("mine", {})
"""


def source_of(name="mine"):
    return discover().find("sampler", name).provenance.source


def files_of(name="mine"):
    return set(discover().find("sampler", name).provenance.code.files)


# A third party's distribution, installed: what its RECORD lists.

INSTALLED = {
    "my_pkg/__init__.py": "",
    "my_pkg/plugin.py": SAMPLER.format('"my_pkg.samplers.vaal:Vaal"'),
    "my_pkg/samplers/vaal.py": "class Vaal: pass",
    "my_pkg/never_imported.py": "x = 1",
    "my_pkg/prior.json": "{}",
    "my_pkg_helper.py": "",
    "my_data/table.bin": "\0",
}


@pytest.fixture
def package(dists):
    """An installed distribution of a package, a module beside it and a folder of data."""
    for path, source in INSTALLED.items():
        dists.module(path, source)
    dists.module("neighbour/__init__.py", "")
    dists.install("my-pkg", None, mine="my_pkg.plugin")
    recorded = [*INSTALLED, "../../bin/my-pkg", "my_pkg-0.1.dist-info/METADATA"]
    recorded += ["my_pkg/__pycache__/plugin.cpython-311.pyc", "my_pkg-0.1.dist-info/RECORD"]
    dists.record("my-pkg", recorded)
    return dists


def test_an_installed_plugin_is_tied_to_all_that_its_distribution_installs(package):
    assert files_of() == set(INSTALLED)


@pytest.mark.parametrize("file", INSTALLED)
def test_the_digest_changes_with_each_of_them(package, file):
    before = source_of()
    path = package.folder / file
    path.write_bytes(path.read_bytes() + b"\n# changed")
    assert source_of() != before


def test_the_digest_changes_with_nothing_else(package):
    """Published trap 24: neither times, line endings, caches, metadata nor neighbours count."""
    before = source_of()
    for file in package.folder.rglob("*.py"):
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
        os.utime(file, (0, 0))
    package.module("my_pkg/__pycache__/plugin.cpython-311.pyc", "x")
    package.module("neighbour/__init__.py", "x = 1")
    package.module("my_pkg-0.1.dist-info/METADATA", "Name: my-pkg\nVersion: 0.1\nSummary: New")
    assert source_of() == before


def test_the_digest_ignores_where_the_code_lies(package, tmp_path, monkeypatch):
    before = source_of()
    for name in [name for name in sys.modules if name.startswith("my_pkg")]:
        del sys.modules[name]
    elsewhere = tmp_path / "elsewhere"
    shutil.move(package.folder, elsewhere)
    monkeypatch.syspath_prepend(str(elsewhere))
    package.folder = elsewhere
    assert source_of() == before


def test_every_plugin_of_a_distribution_has_its_digest(dists):
    dists.samplers("two-plugin", "one", "two")
    one, two = (source_of(name) for name in ("one", "two"))
    assert one == two


def test_a_factory_of_another_library_counts_by_its_module_and_is_not_imported(dists):
    dists.install("my-module", SAMPLER.format('"heavy.nets:Net"'))
    dists.module("heavy/__init__.py", "1 / 0")
    dists.module("heavy/nets.py", "from heavy import other")
    dists.module("heavy/other.py", "")
    assert files_of() == {"my_module.py", "heavy/nets.py"}
    assert "heavy" not in sys.modules


def test_binary_data_is_taken_as_it_is(dists):
    dists.module("my_pkg/__init__.py", SAMPLER.format("object"))
    weights = dists.folder / "my_pkg" / "weights.bin"
    weights.write_bytes(b"\0\r\n")
    dists.install("my-pkg")
    before = source_of()
    weights.write_bytes(b"\0\n")
    assert source_of() != before


@pytest.mark.parametrize("at", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1])
def test_line_endings_across_the_pieces_that_a_file_is_read_in(tmp_path, at):
    file = tmp_path / "long.txt"
    digests = []
    for ending in (b"\n", b"\r\n"):
        file.write_bytes(b"x" * at + ending + b"y")
        digests.append(Digests().of({"long.txt": file}))
    assert digests[0] == digests[1]


# Installed editable: what its top-level modules are, and what these use beside them.


@pytest.fixture
def project(dists, tmp_path, monkeypatch):
    """The folder of an editable installation that has no list of its top-level modules."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    project = type(dists)(folder)
    project.module("al_mine.py", "from al_helper import wanted\n" + SAMPLER.format("object"))
    project.module("al_helper.py", "wanted = __import__('importlib').import_module('al_deep.net')")
    project.module("al_deep/__init__.py", "")
    project.module("al_deep/net.py", "import alharness, numpy\nTABLES = ['al_tables']")
    project.module("al_deep/weights.txt", "1")
    project.module("al_tables/__init__.py", "")
    project.module("al_tables/table.csv", "1")
    project.module("tests/__init__.py", "")
    project.module("setup.py", "")
    dists.install("al-mine", None, mine="al_mine")
    about = {"url": folder.as_uri(), "dir_info": {"editable": True}}
    dists.module("al_mine-0.1.dist-info/direct_url.json", json.dumps(about))
    dists.record("al-mine", ["al_mine.pth", "al_mine-0.1.dist-info/METADATA"])
    return project


EDITABLE = {
    "al_mine.py",
    "al_helper.py",
    "al_deep/__init__.py",
    "al_deep/net.py",
    "al_deep/weights.txt",
    "al_tables/__init__.py",
    "al_tables/table.csv",
}


def test_an_editable_plugin_is_tied_to_its_modules_and_those_that_they_use_beside_them(project):
    assert files_of() == EDITABLE


@pytest.mark.parametrize("file", sorted(EDITABLE))
def test_the_digest_of_an_editable_plugin_changes_with_each_of_them(project, file):
    before = source_of()
    path = project.folder / file
    path.write_text(path.read_text() + "\n# changed")
    assert source_of() != before


def test_the_digest_of_an_editable_plugin_changes_with_nothing_else(project):
    before = source_of()
    for path in ("tests/__init__.py", "setup.py", "README.md", "al_deep/.idea/x", "al_mine.pyc"):
        project.module(path, "changed = 1")
    for file in project.folder.rglob("*.py"):
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert source_of() == before


def test_top_level_modules_that_the_metadata_names_count_unused(project, dists):
    dists.module("al_mine-0.1.dist-info/top_level.txt", "al_mine\nal_unused\n")
    project.module("al_unused.py", "")
    assert files_of() == EDITABLE | {"al_unused.py"}


def test_an_editable_plugin_has_the_digest_of_its_installed_form(project, dists):
    before = source_of()
    for file in EDITABLE:
        dists.module(file, (project.folder / file).read_text())
    (dists.folder / "al_mine-0.1.dist-info" / "direct_url.json").unlink()
    dists.record("al-mine", sorted(EDITABLE))
    shutil.rmtree(project.folder)
    assert source_of() == before


# A plugin file.


def test_a_plugin_file_is_tied_to_what_it_uses_of_its_folder(dists, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("import helper_of_mine, json\n" + SAMPLER.format("object"))
    helper = dists.module("helper_of_mine.py", "")
    registry = discover([file])
    assert set(registry.find("sampler", "mine").provenance.code.files) == {"mine.py"}
    before = registry.find("sampler", "mine").provenance.source
    shutil.copy(helper, tmp_path)
    (tmp_path / "other.py").write_text("")
    provenance = discover([file]).find("sampler", "mine").provenance
    assert set(provenance.code.files) == {"mine.py", "helper_of_mine.py"}
    assert provenance.source != before


READS = """
import json
from pathlib import Path

HERE = Path(__file__).parent
SETTINGS = {step}

"""


@pytest.mark.parametrize(
    ("step", "data"),
    [
        ('HERE / "table.csv"', "table.csv"),
        ('HERE / "tables" / "one.csv"', "tables/one.csv"),
        ('HERE / "tables/one.csv"', "tables/one.csv"),
        ('HERE.joinpath("tables", "deep", "one.csv")', "tables/deep/one.csv"),
    ],
)
def test_a_plugin_file_is_tied_to_the_data_that_its_code_names(dists, tmp_path, step, data):
    file = tmp_path / "mine.py"
    file.write_text(READS.format(step=step) + SAMPLER.format("object"))
    (tmp_path / data).parent.mkdir(parents=True, exist_ok=True)
    for name in (data, "other.csv"):
        (tmp_path / name).write_text("1")
    found = discover([file]).find("sampler", "mine").provenance
    assert set(found.code.files) == {"mine.py", data}
    (tmp_path / "other.csv").write_text("2")
    assert discover([file]).find("sampler", "mine").provenance.source == found.source
    (tmp_path / data).write_text("2")
    assert discover([file]).find("sampler", "mine").provenance.source != found.source


def test_what_a_bench_writes_is_no_data_of_a_plugin(dists, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("IN = ('here', 'out.csv')\n" + SAMPLER.format("object"))
    (tmp_path / "here" / "records").mkdir(parents=True)
    (tmp_path / "here" / "out.csv").write_text("1")
    files = discover([file]).find("sampler", "mine").provenance.code.files
    assert set(files) == {"mine.py"}


def test_a_plugin_file_has_the_digest_of_its_installed_form(dists, tmp_path):
    dists.install("my-plugin", SAMPLER.format("object"))
    installed = source_of()
    (dists.folder / "my_plugin-0.1.dist-info" / "entry_points.txt").unlink()
    file = shutil.copy(dists.folder / "my_plugin.py", tmp_path / "my_plugin.py")
    assert discover([file]).find("sampler", "mine").provenance.source == installed


# What has no source, or none that can be read.


def test_a_plugin_without_source_is_refused(dists):
    file = dists.module("compiled_plugin.py", SAMPLER.format('"my_module:Mine"'))
    py_compile.compile(str(file), str(file.with_suffix(".pyc")))
    file.unlink()
    dists.install("compiled-plugin")
    assert "its source files are not found" in discover().broken[0].reason


def test_a_file_that_is_gone_when_it_is_asked_for_is_named(dists):
    dists.install("my-plugin", SAMPLER.format("object"))
    found = discover().find("sampler", "mine").provenance
    assert found.code.files
    (dists.folder / "my_plugin.py").unlink()
    with pytest.raises(PluginError, match=r"my_plugin\.py: a file of a plugin cannot be read"):
        _ = found.source


def test_discovery_reads_no_source_that_nobody_asks_for(dists, monkeypatch):
    dists.install("my-plugin", SAMPLER.format("object"))
    monkeypatch.setattr(Digests, "of", lambda self, files: pytest.fail("hashed"))
    assert [one.name for one in discover().registered] == ["mine"]


# The harness's own plugins.


@pytest.fixture
def own(dists):
    """A plugin with entry module, factory, a helper that the factory imports, and strangers."""
    dists.module("my_pkg/__init__.py", "")
    dists.module("my_pkg/plugin.py", "")
    dists.module("my_pkg/samplers/__init__.py", "")
    dists.module("my_pkg/samplers/vaal.py", "from .. import losses\nclass Vaal: pass")
    dists.module("my_pkg/losses.py", "import numpy")
    dists.module("my_pkg/neighbour.py", "")
    return dists


def test_own_files_are_entry_factory_and_what_they_import_of_the_package(own):
    assert set(own_files("my_pkg.plugin", "my_pkg.samplers.vaal")) == {
        "my_pkg/plugin.py",
        "my_pkg/samplers/vaal.py",
        "my_pkg/__init__.py",
        "my_pkg/losses.py",
    }


def test_own_files_of_a_package_are_all_its_files_without_by_products(dists):
    dists.module("my_pkg/__init__.py", "")
    dists.module("my_pkg/sub/deep.py", "")
    dists.module("my_pkg/space.toml", "")
    dists.module("my_pkg/__pycache__/deep.cpython-311.pyc", "")
    dists.module("my_pkg/.DS_Store", "")
    assert set(own_files("my_pkg", None)) == {
        "my_pkg/__init__.py",
        "my_pkg/sub/deep.py",
        "my_pkg/space.toml",
    }


def test_own_files_of_a_module_in_a_shared_package_leave_the_others_out(dists):
    dists.module("many_plugins/__init__.py", "")
    dists.module("many_plugins/one.py", "import alharness")
    dists.module("many_plugins/two.py", "")
    assert set(own_files("many_plugins.one", None)) == {"many_plugins/one.py"}


def test_namespace_packages_are_searched(dists):
    dists.module("space/inner/one.py", "from space.inner import two")
    dists.module("space/inner/two.py", "")
    assert set(own_files("space.inner.one", None)) == {"space/inner/one.py", "space/inner/two.py"}


def test_a_file_that_is_no_python_follows_no_imports(dists):
    dists.module("my_pkg/__init__.py", "")
    dists.module("my_pkg/template.py", "import {{ name }}")
    assert "my_pkg/template.py" in own_files("my_pkg", None)


def test_a_built_in_is_tied_to_its_own_module_not_to_the_core():
    files = discover().find("sampler", "margin").provenance.code.files
    assert set(files) == {"alharness_plugins/samplers/margin.py"}
