"""Environment variables that are nobody else's business."""

from __future__ import annotations

import re
from collections.abc import Mapping

_SECRET = re.compile(r"PASSW|TOKEN|SECRET|CREDENTIAL|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY")
_OWNERS = ("ALHARNESS_", "MLFLOW_", "AWS_", "AZURE_", "GOOGLE_", "DATABRICKS_")


def is_private(name: str) -> bool:
    """Whether a variable, by its name, holds a secret or belongs to us, to MLflow or to a cloud."""
    return name.startswith(_OWNERS) or bool(_SECRET.search(name.upper()))


def secrets_of(environment: Mapping[str, str]) -> set[str]:
    """The values of variables that hold secrets, but for those too short to be told from words."""
    return {
        value
        for name, value in environment.items()
        if _SECRET.search(name.upper()) and len(value) > 3
    }


def without_private(environment: Mapping[str, str]) -> dict[str, str]:
    """What processes that run others' code are given."""
    return {name: value for name, value in environment.items() if not is_private(name)}
