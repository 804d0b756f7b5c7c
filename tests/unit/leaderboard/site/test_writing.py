"""A site goes into its own folder, and nowhere else."""

import json
import os

import pytest

from alharness import HarnessError, UsageError
from alharness.leaderboard.site.writing import MARKER, require_place, write_site

FILES = {
    "index.html": b"first",
    "site.css": b"",
    "methods/a-1.html": b"a",
    "methods/b-2.html": b"b",
}


def there(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != MARKER
    }


def test_a_new_and_an_empty_folder(tmp_path):
    write_site(FILES, tmp_path / "new" / "site")
    assert there(tmp_path / "new" / "site") == FILES
    (tmp_path / "empty").mkdir()
    write_site(FILES, tmp_path / "empty")
    assert there(tmp_path / "empty") == FILES


def test_a_later_site_takes_the_place_of_an_earlier_one_and_leaves_other_files(tmp_path):
    write_site(FILES, tmp_path / "site")
    mine = tmp_path / "site" / "methods" / "CNAME"
    mine.write_text("mine")
    untouched = (tmp_path / "site" / "index.html").stat().st_ino
    write_site({"index.html": b"first", "methods/c-3.html": b"c"}, tmp_path / "site")
    expected = {"index.html": b"first", "methods/c-3.html": b"c", "methods/CNAME": b"mine"}
    assert there(tmp_path / "site") == expected
    assert (tmp_path / "site" / "index.html").stat().st_ino == untouched


@pytest.mark.parametrize("marker", [None, "", "[]", '{"files": 3}', '{"other": []}'])
def test_a_folder_of_something_else_stays_as_it_is(tmp_path, marker):
    (tmp_path / "thesis.tex").write_text("years of work")
    if marker is not None:
        (tmp_path / MARKER).write_text(marker)
    before = there(tmp_path)
    for act in (require_place, lambda folder: write_site(FILES, folder)):
        with pytest.raises(UsageError, match="is not overwritten: there are files in it"):
            act(tmp_path)
    assert there(tmp_path) == before


def test_a_file_in_its_place(tmp_path):
    (tmp_path / "site").write_text("a file")
    with pytest.raises(UsageError, match="Not a directory"):
        write_site(FILES, tmp_path / "site")


@pytest.mark.parametrize(
    "name",
    ["../outside.html", "/etc/passwd", "methods/../../outside.html", "thesis.tex", 7, "a/b/c.html"],
)
def test_a_forged_list_of_files_removes_nothing_of_others(tmp_path, name):
    outside, thesis = tmp_path / "outside.html", tmp_path / "site" / "thesis.tex"
    write_site(FILES, tmp_path / "site")
    outside.write_text("mine")
    thesis.write_text("mine")
    (tmp_path / "site" / MARKER).write_text(json.dumps({"files": [name]}))
    write_site(FILES, tmp_path / "site")
    assert outside.read_text() == thesis.read_text() == "mine"


def test_links_lead_nowhere(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    write_site(FILES, tmp_path / "site")
    (tmp_path / "site" / "index.html").unlink()
    (tmp_path / "site" / "index.html").symlink_to(outside / "target")
    write_site(FILES, tmp_path / "site")
    assert not (outside / "target").exists()
    assert there(tmp_path / "site") == FILES
    (tmp_path / "site" / "methods").rename(tmp_path / "elsewhere")
    (tmp_path / "site" / "methods").symlink_to(outside)
    with pytest.raises(UsageError, match="'methods' in it is a link"):
        write_site(FILES, tmp_path / "site")
    assert not list(outside.iterdir())


def test_a_site_that_was_cut_short_is_written_again(tmp_path, monkeypatch):
    site = tmp_path / "site"
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    written = []

    def refuse(source, target):
        written.append(target)
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as context:
        context.setattr("pathlib.Path.replace", refuse)
        with pytest.raises(HarnessError, match="No space left"):
            write_site(FILES, site)
    write_site(FILES, site)
    assert there(site) == FILES


def test_of_a_paper_only_what_a_kit_has_is_removed(tmp_path):
    folder = tmp_path / "site"
    write_site({**FILES, "paper/methods.tex": b"m", "paper/a-1/curves.vl.json": b"c"}, folder)
    for name in ("thesis.tex", "a-1/notes.md", "paper/a-1/b/c.md", "paper/Thesis.tex"):
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        (folder / name).write_text("mine")
    marker = json.loads((folder / MARKER).read_text())
    mine = ["thesis.tex", "a-1/notes.md", "paper/a-1/b/c.md", "paper/Thesis.tex", "../x.md"]
    (folder / MARKER).write_text(json.dumps({"files": [*marker["files"], *mine]}))
    write_site(FILES, folder)
    left = {name: data for name, data in there(folder).items() if name not in FILES}
    assert left == dict.fromkeys(mine[:-1], b"mine")


def test_a_link_deep_within_is_not_followed(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    write_site(FILES, tmp_path / "site")
    (tmp_path / "site" / "paper").mkdir()
    (tmp_path / "site" / "paper" / "a-1").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="'paper/a-1' in it is a link"):
        write_site({**FILES, "paper/a-1/means.md": b"m"}, tmp_path / "site")
    assert list((tmp_path / "elsewhere").iterdir()) == []
