"""Pipes between processes: JSON objects, a line each, and nobody waits for half of one."""

from __future__ import annotations

import json
import os
import selectors
import time
from collections.abc import Iterable
from multiprocessing.connection import Connection

from alharness.work.messages import Message

LONGEST = 1 << 30
"""Bytes of a message that are read at most."""
CHUNK = 1 << 16


class Garbled(ValueError):
    """What arrived is no message."""


class Pipe:
    """One end of a connection. Nothing is pickled, and no read or write blocks by itself."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._outgoing = bytearray()
        self._incoming = bytearray()
        self._searched = 0
        os.set_blocking(connection.fileno(), False)

    def put(self, message: Message) -> None:
        """Have a message sent while others are waited for. Raises TypeError for what is no JSON."""
        self._outgoing += json.dumps(message).encode() + b"\n"

    def send(self, message: Message) -> None:
        """Send a message, for as long as it takes. Raises EOFError when nobody is there."""
        self.put(message)
        while self._outgoing:
            self._exchange(None, ())

    def receive(self) -> Message:
        """The next message, whenever it comes. Raises as ``poll``."""
        while (message := self.poll(None)) is None:
            pass
        return message

    def poll(self, seconds: float | None, also: Iterable[int] = ()) -> Message | None:
        """The next message if it is whole within so many seconds; None: no limit.

        None is also returned when one of the descriptors in ``also`` can be read, and no whole
        message with it. Raises EOFError when the other side is gone, Garbled for a line that is
        no JSON object or is longer than any message.
        """
        deadline = None if seconds is None else time.monotonic() + seconds
        while (message := self._whole()) is None:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            if not self._exchange(left, also):
                return self._whole()
        return message

    def close(self) -> None:
        """Close this end. To be called once."""
        self._connection.close()

    def _exchange(self, seconds: float | None, also: Iterable[int]) -> bool:
        """Read and write what can be; whether something was."""
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._outgoing else 0)
        mine = self._connection.fileno()
        with selectors.DefaultSelector() as selector:
            selector.register(mine, wanted)
            for one in also:
                selector.register(one, selectors.EVENT_READ)
            found = {key.fd: events for key, events in selector.select(seconds)}
        events = found.pop(mine, 0)
        if events & selectors.EVENT_READ:
            self._read(mine)
        if events & selectors.EVENT_WRITE:
            self._write(mine)
        return events != 0

    def _read(self, descriptor: int) -> None:
        try:
            data = os.read(descriptor, CHUNK)
        except BlockingIOError:
            return
        except OSError as error:
            raise EOFError from error
        if not data:
            raise EOFError
        self._incoming += data
        if len(self._incoming) > LONGEST:
            raise Garbled(f"more than {LONGEST} bytes in one line")

    def _write(self, descriptor: int) -> None:
        try:
            written = os.write(descriptor, memoryview(self._outgoing)[:CHUNK].tobytes())
        except BlockingIOError:
            return
        except OSError as error:
            raise EOFError from error
        del self._outgoing[:written]

    def _whole(self) -> Message | None:
        end = self._incoming.find(b"\n", self._searched)
        if end < 0:
            self._searched = len(self._incoming)
            return None
        line = bytes(self._incoming[:end])
        del self._incoming[: end + 1]
        self._searched = 0
        try:
            message = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise Garbled("a line that is no JSON") from error
        if not isinstance(message, dict):
            raise Garbled("a line that is no JSON object")
        return message
