"""Lengths of time as they are shown: exactly, and as people say them."""

from datetime import timedelta
from typing import Any

from pydantic import BaseModel

from tasks.sla import durations

EXAMPLE: dict[str, Any] = {"seconds": 1380.0, "zh": "23 分钟", "en": "23 min"}


class Length(BaseModel):
    """A length of time."""

    seconds: float
    zh: str
    en: str

    model_config = {"json_schema_extra": {"examples": [EXAMPLE]}}


def show_length(length: timedelta) -> Length:
    return show_seconds(length.total_seconds())


def show_seconds(seconds: float) -> Length:
    return Length(seconds=seconds, zh=durations.in_zh(seconds), en=durations.in_en(seconds))
