"""Work sites: where units are carried out, isolated, on whichever machine sees the store.

What an executor's author needs: a ``WorkSite`` in this process, or the command
``python -m alharness.work`` (see ``alharness.work.command``) in any other.
"""

from alharness.work.in_process import InProcessSite
from alharness.work.lanes import lanes, sites
from alharness.work.outcome import Outcome, spread
from alharness.work.site import WorkSite

__all__ = ["InProcessSite", "Outcome", "WorkSite", "lanes", "sites", "spread"]
