"""Alarm traces as files: CSV with alarm_id, device_id, start_timestamp, end_timestamp, plain or in
a .tgz. Timestamps are seconds from any origin. Read by replay.py.
"""

import csv
import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

COLUMNS = ["alarm_id", "device_id", "start_timestamp", "end_timestamp"]


class BadTrace(Exception):
    """The file is not a trace; the text says what is wrong and where."""


@dataclass(frozen=True)
class Line:
    """One alarm of a trace; `end` equals `start` where the trace knows no end."""

    kind: str
    device: str
    start: float
    end: float


def read_trace(path: Path) -> list[Line]:
    """All lines in order of their start."""
    if not path.exists():
        raise BadTrace(f"There is no file {path}")
    try:
        text = _text_of(path)
    except UnicodeDecodeError as error:
        raise BadTrace(f"{path} is not UTF-8: {error}") from error
    lines = list(_parse(io.StringIO(text, newline="")))
    if not lines:
        raise BadTrace(f"{path} has no alarms")
    return sorted(lines, key=lambda line: line.start)


def _text_of(path: Path) -> str:
    if path.suffix == ".csv":
        return path.read_text(encoding="utf-8")
    try:
        with tarfile.open(path) as archive:
            names = [name for name in archive.getnames() if name.endswith("Alarm.csv")]
            found = archive.extractfile(names[0]) if names else None
            if found is None:
                raise BadTrace(f"{path} has no Alarm.csv in it")
            return found.read().decode()
    except tarfile.TarError as error:
        raise BadTrace(f"{path} is neither a .csv nor a .tgz: {error}") from error


def _parse(file: io.StringIO) -> Iterator[Line]:
    reader = csv.DictReader(file)
    if reader.fieldnames is None or not set(COLUMNS) <= set(reader.fieldnames):
        raise BadTrace(f"The first line must name the columns {', '.join(COLUMNS)}")
    for row in reader:
        try:
            kind, device, start, end = (row[column] for column in COLUMNS)
            yield Line(kind, device, float(start), float(end))
        except (TypeError, ValueError) as error:
            raise BadTrace(f"Line {reader.line_num} is not an alarm: {error}") from error
