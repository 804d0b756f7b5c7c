"""From views to HTML: templates that escape whatever they are given."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from alharness.api.text import LINE, one_line


def render(template: str, **view: Any) -> bytes:
    """A page, in UTF-8. ``template``: its name without ``.html``."""
    return _environment().get_template(f"{template}.html").render(view).encode()


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("alharness.leaderboard.site"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def _shown(value: object) -> object:
    """Whatever is shown is bounded and holds no control characters; escaped it is afterwards."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    if len(value) <= LINE and value.isascii() and value.isprintable():
        return value
    return one_line(value)
