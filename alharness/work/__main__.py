"""See ``alharness.work.command``."""

import sys

from alharness.work.command import main

sys.exit(main())
