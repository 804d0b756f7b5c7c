"""Standard output is for a command's data alone, whoever else writes there."""

from __future__ import annotations

import os
import sys


def keep_for_data() -> None:
    """Give this process's data an output of its own; what else is written goes to standard error.

    Libraries in C, child processes and plugins that print write to descriptor 1: it becomes
    descriptor 2. ``sys.stdout`` goes on to where descriptor 1 led. Does nothing where either is
    closed.
    """
    before = sys.stdout
    try:
        data = os.dup(1)
        os.dup2(2, 1)
    except OSError:
        return
    sys.stdout = os.fdopen(data, "w", encoding=before.encoding, errors=before.errors)
