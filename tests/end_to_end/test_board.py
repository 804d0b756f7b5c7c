"""The template of a public board: its scripts, on a bundle of a real bench."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

BOARD = Path(__file__).parents[2] / "examples" / "board"
WORKFLOWS = BOARD / ".github" / "workflows"


class Board:
    """A copy of the template, in which ``alharness`` is the tested one."""

    def __init__(self, folder):
        self.folder = folder
        shutil.copytree(BOARD, folder)
        programs = folder.parent / "programs"
        programs.mkdir()
        (programs / "alharness").write_text(
            f'#!/bin/sh\nexec "{sys.executable}" -m alharness "$@"\n'
        )
        (programs / "alharness").chmod(0o755)
        self.environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}

    def run(self, *command):
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=200,
        )

    def check(self):
        return self.run("./check.sh", "bundles/ada-tiny.zip")


def hand_in(board, workspace):
    """As the board's README says, by its own commands."""
    key = board.folder.parent / "key"
    made = board.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key))
    assert made.returncode == 0, made.stderr
    public = key.with_suffix(".pub").read_text().split()
    (board.folder / "allowed_signers").write_text(f"ada {public[0]} {public[1]}\n")
    text = (board.folder / "README.md").read_text()
    commands = text.split("```sh\n")[1].split("```")[0]
    for old, new in {
        "alharness-workspace": str(workspace),
        "SUITE": "tiny",
        "AUTHOR-NAME": "ada-tiny",
        "~/.ssh/id_ed25519": str(key),
    }.items():
        assert old in commands
        commands = commands.replace(old, new)
    done = board.run("sh", "-euc", commands)
    assert done.returncode == 0, done.stderr
    return done


@pytest.mark.slow
@pytest.mark.skipif(
    shutil.which("ssh-keygen") is None, reason="there is no ssh-keygen to sign with"
)
def test_a_result_is_handed_in_checked_and_published(finished_bench, tmp_path):
    board = Board(tmp_path / "board")
    handed_in = hand_in(board, finished_bench.folder / "workspace")
    assert 'Good "alharness" signature for ada' in handed_in.stdout

    published = board.run("./publish.sh", "site")
    assert published.returncode == 0, published.stderr
    overview = (board.folder / "site" / "index.html").read_text()
    assert "digits-mlp" in overview

    identity = board.folder / "bundles" / "ada-tiny.identity"
    told = identity.read_text()
    identity.write_text("0" * 64 + "\n")
    assert "its identity is" in board.check().stderr
    identity.write_text(told)
    (board.folder / "allowed_signers").write_text("")
    assert board.check().returncode != 0

    bundle = board.folder / "bundles" / "ada-tiny.zip"
    with zipfile.ZipFile(bundle, "a") as archive:
        archive.writestr("../../climbs", "x")
    refused = board.check()
    assert refused.returncode != 0
    assert "climbs" in refused.stderr


def test_workflows_run_the_scripts_of_the_board():
    """And take them, and what is installed, from the board's own branch before installing."""
    check, publish = ((WORKFLOWS / name).read_text() for name in ("check.yml", "publish.yml"))
    assert check.index("git checkout") < check.index("pip install")
    assert "-- check.sh requirements.txt" in check
    assert "./check.sh" in check
    assert "./publish.sh site" in publish
    for text in (check, publish):
        assert "permissions:\n  contents: read" in text
        assert "pull_request_target" not in text
