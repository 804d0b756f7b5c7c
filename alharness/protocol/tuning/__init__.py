"""Tuning: the hyper-parameters of each trial, and which trial is best."""
