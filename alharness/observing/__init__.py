"""Observing: what happened, for MLflow, the terminal and third parties alike."""
