"""The files of a bundle: which names there may be, what each is, and how large it may be."""

from __future__ import annotations

import re
from typing import NamedTuple

from alharness.protocol.units import KINDS

MANIFEST = "bundle.json"
DOCUMENT = "document.json"
ENVIRONMENT = "environment.json"

_MIB = 1 << 20
_KEY = r"(?P<group>[0-9a-f]{2})/(?P<key>[0-9a-f]{32})"


class Role(NamedTuple):
    """What a file is; ``largest``: bytes that it may have."""

    what: str
    largest: int


class Place(NamedTuple):
    """What the name of a file says: its role, and of a record its kind and key.

    ``key`` is the digest of an index set, or the unit whose weights or features they are, too.
    ``beside``: the name of a file beside a record.
    """

    role: Role
    kind: str = ""
    key: str = ""
    beside: str = ""


RECORD = Role("record", 64 * _MIB)
BESIDE = Role("beside a record", 256 * _MIB)
INDEX_SET = Role("index set", 64 * _MIB)
WEIGHTS = Role("weights", 8192 * _MIB)
FEATURES = Role("features", 8192 * _MIB)

_ALONE = {
    MANIFEST: Role("manifest", 128 * _MIB),
    DOCUMENT: Role("document", 256 * _MIB),
    ENVIRONMENT: Role("environment", 8 * _MIB),
}
_KINDS = "|".join(KINDS)
_RECORD = re.compile(rf"records/(?P<kind>{_KINDS})/{_KEY}\.json")
_BESIDE = re.compile(rf"records/(?P<kind>{_KINDS})/{_KEY}\.(?P<beside>[a-z]{{1,20}}\.npz)")
_INDEX_SET = re.compile(rf"sets/{_KEY}\.npz")
_WEIGHTS = re.compile(r"weights/(?P<key>[0-9a-f]{32})\.safetensors")
_FEATURES = re.compile(r"features/(?P<key>[0-9a-f]{32})\.npy")


def record_name(kind: str, key: str) -> str:
    """The file of a record."""
    return f"records/{kind}/{key[:2]}/{key}.json"


def beside_name(kind: str, key: str, name: str) -> str:
    """A file beside a record."""
    return f"records/{kind}/{key[:2]}/{key}.{name}"


def set_name(digest: str) -> str:
    """The file of an index set."""
    return f"sets/{digest[:2]}/{digest}.npz"


def weights_name(trial: str) -> str:
    """The file of a trial's weights."""
    return f"weights/{trial}.safetensors"


def features_name(unit: str) -> str:
    """The file of the features that a unit computed."""
    return f"features/{unit}.npy"


def place_of(name: str) -> Place | None:
    """What a file of this name is; None for a name that no file of a bundle has."""
    if name in _ALONE:
        return Place(_ALONE[name])
    patterns = {
        _RECORD: RECORD,
        _BESIDE: BESIDE,
        _INDEX_SET: INDEX_SET,
        _WEIGHTS: WEIGHTS,
        _FEATURES: FEATURES,
    }
    for pattern, role in patterns.items():
        match = pattern.fullmatch(name)
        if match is not None:
            parts = match.groupdict()
            if parts.pop("group", parts["key"][:2]) != parts["key"][:2]:
                return None
            return Place(role, **parts)
    return None
