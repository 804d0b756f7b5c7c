"""Suites: frozen declarations of protocol, tuning, training, methods and scenarios, in TOML."""
