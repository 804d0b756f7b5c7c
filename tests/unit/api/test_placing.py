"""Files that appear whole or not at all, and archives of them.

Independent source: the archives are written by tarfile, and one by hand.
"""

import io
import os
import tarfile

import pytest

from alharness import OfficialFiles, UsageError
from alharness.api.placing import placed, unpack

CONTENTS = {"a/one.jpg": b"1" * 5000, "a/two.jpg": os.urandom(70_000), "list.txt": b"a/one\n"}


def write_archive(path, contents=CONTENTS, mode="w:gz"):
    with tarfile.open(path, mode) as tar:
        for name, data in contents.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(data), 0o400
            tar.addfile(member, io.BytesIO(data))
    return path


def files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz", "w:bz2"])
def test_an_archive_is_unpacked_over_what_is_there(tmp_path, mode):
    folder = tmp_path / "data"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "one.jpg").write_bytes(b"old")
    (folder / "a" / "mine.txt").write_bytes(b"stays")
    unpack(write_archive(tmp_path / "x.tar", mode=mode), folder)
    assert files(folder) == {**CONTENTS, "a/mine.txt": b"stays"}
    assert {path.stat().st_mode & 0o777 for path in folder.glob("a/*.jpg")} == {0o644}


@pytest.mark.parametrize("share", [0.4, 0.8])
@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_of_a_damaged_archive_no_half_of_a_file_is_left(tmp_path, mode, share):
    archive = write_archive(tmp_path / "x.tar", mode=mode)
    archive.write_bytes(archive.read_bytes()[: int(archive.stat().st_size * share)])
    with pytest.raises(UsageError, match=r"x\.tar' cannot be unpacked \(.+\)") as raised:
        OfficialFiles("flowers", tmp_path).unpack("x.tar", "data")
    assert raised.value.where == "dataset 'flowers'"
    assert "Fetch it again" in raised.value.remedy
    assert files(tmp_path / "data").items() <= CONTENTS.items()


def test_what_is_no_archive_is_said(tmp_path):
    (tmp_path / "x.tar").write_bytes(b"<html>moved</html>")
    with pytest.raises(UsageError, match="cannot be unpacked"):
        OfficialFiles("flowers", tmp_path).unpack("x.tar")


@pytest.mark.parametrize("name", ["../out.jpg", "/tmp/out.jpg", "a/../../out.jpg"])
def test_no_file_lies_elsewhere(tmp_path, name):
    write_archive(tmp_path / "x.tar", {"a.jpg": b"1", name: b"2"})
    with pytest.raises(UsageError, match=f"its file '{name}' would lie elsewhere"):
        OfficialFiles("flowers", tmp_path).unpack("x.tar", "data/below")
    assert {path.name for path in tmp_path.rglob("*.jpg")} == {"a.jpg"}


def test_links_are_passed_over(tmp_path):
    with tarfile.open(tmp_path / "x.tar", "w") as tar:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE):
            member = tarfile.TarInfo(f"a/{kind.decode()}.jpg")
            member.type, member.linkname = kind, "/etc/hostname"
            tar.addfile(member)
    unpack(tmp_path / "x.tar", tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_a_file_that_is_not_finished_replaces_nothing(tmp_path):
    path = tmp_path / "a" / "x.bin"

    def write(data, error):
        with placed(path) as stream:
            stream.write(data)
            if error:
                raise error

    write(b"whole", None)
    with pytest.raises(KeyError):
        write(b"half", KeyError())
    assert files(tmp_path) == {"a/x.bin": b"whole"}
