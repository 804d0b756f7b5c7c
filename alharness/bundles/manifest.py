"""The manifest of a bundle: what it is of, and every file with its size and digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from alharness.api.errors import UsageError
from alharness.bundles.archive import File
from alharness.bundles.contents import Contents, refused
from alharness.bundles.layout import MANIFEST, place_of
from alharness.bundles.strict_json import parsed, written

SCHEMA: Final = 1


class Part(BaseModel):
    """A part of a manifest: nothing else is in it."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Packed(Part):
    """A file: what it is, its size, and the SHA-256 of its content."""

    what: str
    bytes: int
    sha256: str


class LeftOut(Part):
    """A row of the workspace's document that is not in the bundle, and why."""

    scenario: str
    method: str
    why: str


class PackedSuite(Part):
    """The suite that was benched."""

    name: str
    version: int
    digest: str


class Tolerances(Part):
    """How far a unit that is computed again may be from its record and still agree.

    trial, evaluation: difference in validation and test accuracy, in [0, 1]. query: share of the
    budget that was not picked again, in [0, 1]. representation: how far an image's features are
    from the recorded ones, as a share of their length.
    """

    trial: float = Field(ge=0, le=1)
    evaluation: float = Field(ge=0, le=1)
    query: float = Field(ge=0, le=1)
    representation: float = Field(default=0, ge=0, le=1)


class Manifest(Part):
    """What ``bundle.json`` says. ``files`` are all others, by name."""

    schema_version: Literal[1] = Field(alias="schema")
    format: Literal["alharness-bundle"]
    alharness: str
    suite: PackedSuite
    left_out: tuple[LeftOut, ...]
    tolerances: Tolerances
    files: dict[str, Packed]

    def to_json(self) -> dict[str, Any]:
        """The JSON form."""
        return self.model_dump(mode="json", by_alias=True)


def sha256(data: bytes) -> str:
    """SHA-256 of bytes, 64 hexadecimal characters."""
    return hashlib.sha256(data).hexdigest()


def listed(files: Iterable[File]) -> dict[str, Packed]:
    """Files as a manifest lists them; each is read once."""
    found = {}
    for file in sorted(files):
        place, data = place_of(file.name), file.read()
        assert place is not None, file.name
        found[file.name] = Packed(what=place.role.what, bytes=len(data), sha256=sha256(data))
    return found


def manifest_file(manifest: Manifest) -> File:
    """The file that holds a manifest."""
    return File(MANIFEST, lambda: written(manifest.to_json()))


def read_manifest(contents: Contents) -> tuple[Manifest, str]:
    """The manifest of a bundle, and the SHA-256 of its file, which stands for the whole bundle.

    Raises UsageError for one of a newer schema, MismatchError for one that is none.
    """
    data = contents.read(MANIFEST)
    fields = parsed(data, MANIFEST)
    schema = fields.get("schema") if isinstance(fields, dict) else None
    if isinstance(schema, int) and schema > SCHEMA:
        raise UsageError(
            f"its schema {schema} is newer than this alharness knows ({SCHEMA})",
            where=MANIFEST,
            remedy="Upgrade alharness",
        )
    try:
        return Manifest.model_validate_json(json.dumps(fields)), sha256(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise refused(f"is no manifest of a bundle ({place}: {first['msg']})", MANIFEST) from None


def require_listed(contents: Contents, manifest: Manifest) -> None:
    """Raises MismatchError unless the files are those that the manifest lists, by name and size."""
    there: Mapping[str, int] = {
        name: size for name, size in contents.sizes.items() if name != MANIFEST
    }
    for name, packed in manifest.files.items():
        if name not in there:
            raise refused(f"is listed in {MANIFEST} and missing", name)
        if there[name] != packed.bytes:
            raise refused(f"has {there[name]} bytes, {MANIFEST} says {packed.bytes}", name)
        place = place_of(name)
        assert place is not None
        if place.role.what != packed.what:
            raise refused(f"is {place.role.what}, {MANIFEST} calls it {packed.what}", name)
    for name in there:
        if name not in manifest.files:
            raise refused(f"is not listed in {MANIFEST}", name)


def read_listed(contents: Contents, manifest: Manifest, name: str) -> bytes:
    """What a listed file holds. Raises MismatchError when its digest is another."""
    data = contents.read(name)
    if sha256(data) != manifest.files[name].sha256:
        raise refused(f"its content is not what {MANIFEST} says: it was changed or damaged", name)
    return data
