"""The time of a rehearsal: whatever a file says, so that days pass in seconds. Chosen with --clock
when the API is started; who runs the rehearsal writes the file (workflows/stage.py).
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path


def read_from(path: Path) -> Callable[[], datetime]:
    """An aware instant in ISO 8601, read anew for each request."""

    def now() -> datetime:
        at = datetime.fromisoformat(path.read_text(encoding="ascii"))
        if at.tzinfo is None:
            raise ValueError(f"{path} says {at}: an instant has a zone")
        return at

    return now
