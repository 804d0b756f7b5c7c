"""What to say of a name that no plugin has registered."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from alharness.api.errors import HarnessError, PluginError, UsageError
from alharness.protocol.wording import best_resemblance, nearest
from alharness.registry.loading import FILE
from alharness.registry.registered import BrokenPlugin

PUBLISHED = "published results"
"""Of what suites are held against, in messages."""


def missing(
    name: str,
    kind: str | None,
    names: AbstractSet[str],
    broken: Sequence[BrokenPlugin],
    other_kinds: Sequence[str] = (),
) -> HarnessError:
    """The error for a name that is not there.

    A PluginError with its reason when a broken plugin is at least as likely to
    have been meant as any of ``names``; else a UsageError that suggests the
    nearest name. ``kind`` is None when any kind would do; ``other_kinds`` are
    those that do have the name.
    """
    what = f"no {kind or 'plugin'} named '{name}'"
    if other_kinds:
        return UsageError(what, remedy=f"It is of another kind: {', '.join(other_kinds)}")
    family, colon, member = name.partition(":")
    sought = f"{family}{colon}"
    suspect = _suspect(family, broken)
    if suspect is not None and _likelihood(family, suspect) >= best_resemblance(sought, names):
        return PluginError(f"{what}; {suspect.origin} cannot be used: {suspect.reason}")
    suggestion = nearest(sought, names)
    if suggestion is None:
        known = ", ".join(sorted(names)) or "none"
        if kind == "suite":
            return UsageError(what, remedy=f"Known are {known}; a path ends in .toml")
        if kind == PUBLISHED:
            return UsageError(what, remedy=f"Known are {known}")
        return UsageError(what, remedy="`alharness plugins list` shows what there is")
    if suggestion.endswith(":"):
        suggestion += member or "NAME"
    return UsageError(f"{what}; did you mean '{suggestion}'?")


def _suspect(name: str, broken: Sequence[BrokenPlugin]) -> BrokenPlugin | None:
    """The broken plugin that was most likely meant, None when none is like the name."""
    suspects = [plugin for plugin in broken if _likelihood(name, plugin) > 0]
    return max(suspects, key=lambda plugin: _likelihood(name, plugin), default=None)


def _likelihood(name: str, plugin: BrokenPlugin) -> float:
    likelihood = best_resemblance(name, [plugin.plugin, plugin.distribution])
    # A plugin file is given for the sake of what it registers, whatever it is called.
    return max(likelihood, 0.5) if plugin.distribution == FILE else likelihood
