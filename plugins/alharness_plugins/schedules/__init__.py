"""Schedules: how the learning rate goes on while a model trains."""
