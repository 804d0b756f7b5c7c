"""Regularizers: what acts while a model trains."""
