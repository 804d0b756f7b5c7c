"""Results: the document of what a bench found.

``alharness.results(workspace)`` reads one. The package is called itself: a function of this name
in ``alharness`` would be lost when the package is imported, and with it, everything here.
"""

import sys
from types import ModuleType
from typing import Any


class _Results(ModuleType):
    """The package, which can be called."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """As ``alharness.results.documents.results``, imported when it is called."""
        from alharness.results.documents import results

        return results(*args, **kwargs)


sys.modules[__name__].__class__ = _Results
