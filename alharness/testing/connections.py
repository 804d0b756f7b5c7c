"""Watching connections, which no plugin may open unasked."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def watched_connections() -> Iterator[list[str]]:
    """No connection can be opened; the addresses that were tried."""
    attempts: list[str] = []

    def connect(self: socket.socket, address: Any) -> None:
        attempts.append(str(address))
        raise OSError("the conformance kit allows no connection")

    def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> None:
        attempts.append(str(host))
        raise socket.gaierror("the conformance kit allows no connection")

    before = socket.socket.connect, socket.getaddrinfo
    socket.socket.connect = connect  # type: ignore[assignment, method-assign]
    socket.getaddrinfo = getaddrinfo  # type: ignore[assignment]
    try:
        yield attempts
    finally:
        socket.socket.connect, socket.getaddrinfo = before  # type: ignore[method-assign]
