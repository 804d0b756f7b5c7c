"""Rules: what a contract demands, one sentence each, and how it is checked."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from alharness.api.errors import HarnessError
from alharness.registry.boundary import one_line
from alharness.testing.subject import Subject


class Outcome(StrEnum):
    """How a rule turned out for one plugin."""

    PASSED = "passed"
    """It is kept."""
    BROKEN = "broken"
    """It is not; ``Checked.seen`` says by what."""
    NOT_APPLICABLE = "not applicable"
    """The plugin has nothing that it speaks of; counts as kept."""


class Broken(Exception):
    """Raised by a rule's check: what was seen, on one line."""


class NotApplicable(Exception):
    """Raised by a rule's check that this plugin gives nothing to check: why, on one line."""


@dataclass(frozen=True)
class Checked:
    """What checking one rule found.

    seen: what broke the rule, or why it does not apply; when it passed, what else is worth
        knowing, mostly nothing.
    cause: the exception behind it, with its traceback; None when it passed.
    """

    rule: Rule
    outcome: Outcome
    seen: str = ""
    cause: Exception | None = None

    def __str__(self) -> str:
        return f"{self.rule}: {self.outcome}" + (f": {self.seen}" if self.seen else "")


@dataclass(frozen=True)
class Rule:
    """One rule of a contract.

    ``check`` raises Broken or NotApplicable; whatever else it raises comes out of the
    plugin and breaks the rule too. Where it returns a text, that is what it saw though the rule is
    kept. Its name in kebab-case is the rule's, its docstring the demand.
    """

    check: Callable[[Subject], str | None]

    @property
    def name(self) -> str:
        """In kebab-case."""
        return self.check.__name__.replace("_", "-")

    @property
    def demand(self) -> str:
        """What the rule demands, in one sentence."""
        return " ".join((inspect.getdoc(self.check) or "").split())

    def checked(self, subject: Subject) -> Checked:
        """Check one plugin."""
        try:
            seen = self.check(subject)
        except NotApplicable as error:
            return Checked(self, Outcome.NOT_APPLICABLE, str(error), error)
        except Broken as error:
            return Checked(self, Outcome.BROKEN, str(error), error)
        except HarnessError as error:
            return Checked(self, Outcome.BROKEN, error.what, error)
        except Exception as error:
            return Checked(self, Outcome.BROKEN, f"raised {one_line(error)}", error)
        return Checked(self, Outcome.PASSED, seen or "")

    def __str__(self) -> str:
        return self.name
