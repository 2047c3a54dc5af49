"""What sources call severities, types and causes, and what X.733 does: names.json.

A cause that is not in it stays as it is told. Called by the readers beside this.
"""

from functools import cache
from pathlib import Path
from typing import Any

import orjson

TYPES = (
    *("communicationsAlarm", "processingErrorAlarm", "environmentalAlarm"),
    *("qualityOfServiceAlarm", "equipmentAlarm"),
)


def severity_of(told: str, numbers: dict[str, str] | None = None) -> str:
    """One of X.733, or "cleared". What nobody knows is indeterminate; not told at all: major."""
    if not told:
        return "major"
    return (numbers or {}).get(told) or _names()["severities"].get(told.lower(), "indeterminate")


def type_of(told: str, numbers: dict[str, str] | None = None) -> str:
    """ "" where it is none of X.733's."""
    if told in TYPES:
        return told
    plain = told.lower().replace(" ", "").replace("_", "").removesuffix("alarm")
    return (numbers or {}).get(told) or _names()["types"].get(plain or told, "")


def cause_of(told: str) -> str:
    known: str = _names()["causes"].get(told.strip().lower().replace("-", "_"), told.strip())
    return known


@cache
def load(name: str) -> dict[str, Any]:
    """Data that lies beside this."""
    return orjson.loads((Path(__file__).parent / f"{name}.json").read_bytes())  # type: ignore[no-any-return]


def _names() -> dict[str, dict[str, str]]:
    return load("names")
