"""The conformance kit: the contracts of plugins as rules, for authors' own tests.

One line checks everything::

    alharness.testing.check("my_new_sampler")

A test per rule, in pytest::

    @pytest.mark.parametrize("rule", alharness.testing.rules("sampler"), ids=str)
    def test_contract(rule):
        alharness.testing.check("my_new_sampler", only=rule)

Rules check what can be seen from outside, on the CPU. They cannot show that a method
computes what its paper says.
"""

from alharness.testing.checking import KINDS, check, checked, rules
from alharness.testing.rules import Broken, Checked, NotApplicable, Outcome, Rule
from alharness.testing.subject import Subject, find_subject

__all__ = [
    "KINDS",
    "Broken",
    "Checked",
    "NotApplicable",
    "Outcome",
    "Rule",
    "Subject",
    "check",
    "checked",
    "find_subject",
    "rules",
]
