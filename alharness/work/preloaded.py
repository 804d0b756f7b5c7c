"""What the process that workers are forked from imports once, so that they start at once."""

import torch  # noqa: F401

import alharness.engine.answering
import alharness.engine.engine
import alharness.registry  # noqa: F401
