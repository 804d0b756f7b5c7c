"""What the process that workers are forked from imports once, so that they start at once."""

import psutil  # noqa: F401
import torch  # noqa: F401

import alharness.engine.answering
import alharness.engine.engine
import alharness.engine.first_pass
import alharness.registry  # noqa: F401
