"""Where a session calls plugins."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from alharness.api.errors import HarnessError, PluginError
from alharness.protocol.components import Component
from alharness.registry.broken import one_line


@contextmanager
def plugin_code(component: Component, doing: str) -> Iterator[None]:
    """What a plugin's code raises becomes a PluginError that names it; a HarnessError stays."""
    try:
        yield
    except HarnessError:
        raise
    except (Exception, SystemExit) as error:
        raise PluginError(f"{doing} {one_line(error)}", where=component.origin) from error
