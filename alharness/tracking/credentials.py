"""Credentials of tracking URIs: which they are, and texts without them.

A URI is taken apart generously: in ``postgresql://alice:s3cr/et@db`` everything before the last
``@`` is credentials, though a strict reader ends the server's name at the first slash.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import NamedTuple
from urllib.parse import unquote, unquote_plus

HIDDEN = "***"

_SHORT = 3
"""Secrets with fewer characters are hidden only where they stand in their URI."""


class _Parts(NamedTuple):
    scheme: str
    credentials: str
    place: str
    query: str


def shown(uri: str) -> str:
    """A URI for people: without credentials, and without the values of its query."""
    parts = _parts(uri)
    query = re.sub(r"=[^&]*", f"={HIDDEN}", parts.query)
    return f"{parts.scheme}{parts.place}" + (f"?{query}" if query else "")


def secrets(uri: str) -> set[str]:
    """What nobody may read of a URI: the URI, its credentials and the values of its query."""
    parts = _parts(uri)
    user, _, password = parts.credentials.partition(":")
    found = {parts.credentials, password or user, *re.split("[/?#:@]", password or user)}
    for part in parts.query.split("&"):
        value = part.partition("=")[2]
        found |= {value, *_assigned(unquote_plus(value))}
    found |= {unquote(one) for one in found}
    return {one for one in found if len(one) >= _SHORT} | ({uri} if shown(uri) != uri else set())


def redacted(text: str, hidden: Collection[str]) -> str:
    """A text in which ``***`` stands for each of these, the longest first."""
    for one in sorted(hidden, key=len, reverse=True):
        text = text.replace(one, HIDDEN)
    return text


def _parts(uri: str) -> _Parts:
    scheme, separator, rest = uri.partition("://")
    if not separator:
        scheme, rest = "", uri
    elif rest.startswith("/"):  # no server, so no credentials before it
        return _Parts(scheme + separator, "", *_halves(rest))
    credentials, _, place = rest.rpartition("@")
    return _Parts(scheme + separator, credentials, *_halves(place))


def _halves(place: str) -> tuple[str, str]:
    before, _, query = place.partition("?")
    return before, query


def _assigned(text: str) -> Iterator[str]:
    """The values in ``DRIVER=x;UID=y;PWD=z``, and the text itself."""
    yield text
    for part in text.split(";"):
        yield part.partition("=")[2]
