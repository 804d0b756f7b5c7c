"""Parameters that name files: their content belongs to the identity, whatever the kind."""

import os
from pathlib import Path

import pytest

from alharness import PluginError, UsageError
from alharness.engine.plugins import Plugins
from alharness.protocol.components import Reference
from alharness.registry import discover, hookspecs

SOURCE = """
import alharness
from pathlib import Path
from pydantic import BaseModel, DirectoryPath, FilePath

class Table(BaseModel):
    path: Path | None = None

class Nested(BaseModel):
    path: Path = Path()
    text: str = ""

class P(alharness.Parameters):
    nested: Nested = Nested()
    weights: Path = Path()
    maybe: Path | None = None
    several: list[Path] = []
    file: FilePath | None = None
    folder: DirectoryPath | None = None
    table: Table = Table()
    text: str = "labels.csv"

class Thing:
    def __init__(self, **parameters):
        self.parameters = parameters

"""


@pytest.fixture
def registry(dists):
    source = SOURCE
    for hook, spec in hookspecs.SPEC_HOOKS.items():
        source += (
            f"@alharness.hookimpl\ndef {hook}():\n"
            f"    yield alharness.{spec.__name__}('mine', Thing, parameters=P)\n"
        )
    dists.install("my-plugin", source)
    return discover()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "weights.bin"
    path.write_bytes(b"one")
    return path


def component(registry, kind="sampler", **parameters):
    return registry.component(kind, Reference("mine", parameters))


@pytest.mark.parametrize("kind", hookspecs.KINDS)
def test_of_every_kind_of_plugin(registry, file, kind):
    before = component(registry, kind, weights=str(file))
    assert before.parameters["weights"] == str(file)
    assert set(before.files) == {"weights"}
    assert before.identity.files == before.files
    file.write_bytes(b"two")
    after = component(registry, kind, weights=str(file))
    assert after.identity != before.identity
    assert registry.create(after).parameters["weights"] == file


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("weights", str),
        ("maybe", str),
        ("several", lambda path: [str(path)]),
        ("file", str),
        ("folder", lambda path: str(path.parent)),
        ("table", lambda path: {"path": str(path)}),
    ],
)
def test_of_every_type_that_holds_a_path(registry, file, name, value):
    given = {name: value(file)}
    one = component(registry, **given).files
    assert set(one) == {name}
    file.write_bytes(b"two")
    assert component(registry, **given).files != one
    file.write_bytes(b"one")
    assert component(registry, **given).files == one


def test_a_text_is_no_path_and_nothing_named_is_no_file(registry):
    assert component(registry, text="/nowhere").files == {}
    assert component(registry).identity.files == {}


def test_a_folder_is_its_files_by_name_and_a_list_has_an_order(registry, tmp_path):
    for name in ("a", "sub/b"):
        (tmp_path / "folder" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "folder" / name).write_text(name)
    folder = tmp_path / "folder"
    before = component(registry, weights=str(folder)).files
    (folder / "sub" / "b").rename(folder / "sub" / "c")
    assert component(registry, weights=str(folder)).files != before
    paths = [str(folder / "a"), str(folder / "sub" / "c")]
    assert (
        component(registry, several=paths).files != component(registry, several=paths[::-1]).files
    )


def test_the_content_counts_not_the_time(registry, file):
    before = component(registry, weights=str(file)).files
    os.utime(file, (1, 1))
    assert component(registry, weights=str(file)).files == before


def test_same_size_and_time_but_another_content(registry, file):
    """Only the change time and the inode tell: a digest is not taken over."""
    before = component(registry, weights=str(file)).files
    about = file.stat()
    file.write_bytes(b"two")
    os.utime(file, ns=(about.st_atime_ns, about.st_mtime_ns))
    assert component(registry, weights=str(file)).files != before


def test_a_file_is_read_once_while_it_stays(registry, file, monkeypatch):
    component(registry, weights=str(file))
    monkeypatch.setattr(Path, "open", lambda *_: pytest.fail("read again"))
    component(registry, weights=str(file))


@pytest.mark.parametrize("name", ["weights", "several"])
def test_what_cannot_be_read_names_plugin_parameter_path_and_remedy(registry, name):
    given = {name: ["/nowhere"] if name == "several" else "/nowhere"}
    with pytest.raises(UsageError) as caught:
        component(registry, **given)
    text = str(caught.value)
    assert text.startswith(f"sampler 'mine' (my-plugin 0.1): parameter '{name}' names '/nowhere'")
    assert "No such file or directory" in text
    assert "Give a file or folder that is there" in text


def test_a_unit_is_not_executed_when_what_it_was_planned_with_changed(registry, file):
    identity = component(registry, weights=str(file)).identity
    plugins = Plugins(registry)
    assert plugins.create("sampler", identity).parameters["weights"] == file
    file.write_bytes(b"two")
    with pytest.raises(PluginError, match="'weights' names has changed since the unit was planned"):
        plugins.create("sampler", identity)


def test_a_nested_default_names_nothing(registry):
    assert component(registry, nested={"text": "x"}).files == {}


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: os.mkfifo(path), "it is no regular file"),
        (lambda path: path.symlink_to("/dev/zero"), "it is no regular file"),
        (lambda path: path.symlink_to(path), "Too many levels of symbolic links"),
        (lambda path: path.mkdir() or (path / "a").symlink_to("/"), "is a link to a folder"),
        (lambda path: path.mkdir() or os.mkfifo(path / "a"), "it is no regular file"),
    ],
)
def test_what_has_no_end_is_refused_at_once(registry, tmp_path, make, reason):
    make(tmp_path / "odd")
    with pytest.raises(UsageError, match=reason):
        component(registry, weights=str(tmp_path / "odd"))
    with pytest.raises(UsageError, match="null"):
        component(registry, weights="a\x00b")


def test_a_folder_of_too_many_files_is_refused(registry, tmp_path, monkeypatch):
    monkeypatch.setattr("alharness.registry.parameters._MOST_FILES", 3)
    for number in range(4):
        (tmp_path / str(number)).touch()
    with pytest.raises(UsageError, match="more than 3 files"):
        component(registry, weights=str(tmp_path))
