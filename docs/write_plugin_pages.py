"""Writes docs/plugins/ from the built-ins' specs: ``python docs/write_plugin_pages.py``."""

from pathlib import Path

from alharness.registry import Registered, discover
from alharness.registry.page import file_name, index, page

FOLDER = Path(__file__).parent / "plugins"


def pages() -> dict[str, str]:
    """Every page by its path below ``docs/plugins``."""
    built_in = [one for one in discover().registered if _is_built_in(one)]
    return {"README.md": index(built_in), **{file_name(one): page(one) for one in built_in}}


def _is_built_in(registered: Registered) -> bool:
    return registered.provenance.distribution == "alharness"


if __name__ == "__main__":
    for name, text in pages().items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
