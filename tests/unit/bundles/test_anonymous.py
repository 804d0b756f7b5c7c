"""Paths and names in facts, and in what cannot be rewritten."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alharness import UsageError
from alharness.bundles.anonymous import _cleaned, require_no_paths

NAMES = {
    "/home/ada": "<path>",
    "/srv/of ada": "<path>",
    "lovelace": "<user>",
    "box.example.org": "<host>",
    "box": "<host>",
}


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("/home/ada/x.py", "<path>"),
        ("in /home/ada/x.py, line 3", "in <path>, line 3"),
        ("File '/srv/a/b.py'", "File '<path>'"),
        (r"C:\Users\ada\x", "<path>"),
        (r"\\server\share\x", "<path>"),
        ("in /srv/of ada/x y", "in <path> y"),
        ("~/x and ~ada/y/z", "<path> and <path>"),
        ("file:///home/ada", "<path>"),
        ("lovelace on box.example.org, box 3, boxes", "<user> on <host>, <host> 3, boxes"),
        ("1/2 of a/b at 3 kg/m", "1/2 of a/b at 3 kg/m"),
        ("https://example.org/a/b", "https://example.org/a/b"),
        ("AMD EPYC 7B13 (AVX2)", "AMD EPYC 7B13 (AVX2)"),
    ],
)
def test_texts(text, clean):
    assert _cleaned(text, NAMES) == clean


@settings(max_examples=25)
@given(st.text(max_size=40), st.sampled_from(["/home/ada/secret", "/var/lib/thing/"]))
def test_a_path_anywhere_after_a_space_goes(text, path):
    assert path.rstrip("/") not in _cleaned(f"{text} {path}", {})


@pytest.mark.parametrize("value", ["/a/b", {"x": ["see /a/b"]}, {"/a/b": 1}])
def test_what_digests_cover_is_refused(value):
    with pytest.raises(UsageError, match=r"names the path '/a/b'.*--data-dir"):
        require_no_paths(value, "document")


@pytest.mark.parametrize("value", ["a/b", "images/cats/1.png", "https://a.org/b/c", "50 %/year"])
def test_what_is_no_absolute_path_is_not(value):
    require_no_paths(value, "document")
