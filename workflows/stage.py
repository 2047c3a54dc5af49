"""What a tour plays on: the demo region in a database of its own, gone afterwards, and a time that
goes as fast as is wished. Used by tour.py and hot_tour.py.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine

from records.database import connect, migrate
from records.region import seed
from tasks.access.passwords import hash_password
from workflows import rehearsal


@contextmanager
def region(password: str, now: datetime) -> Iterator[Engine]:
    """Whatever is started meanwhile uses the same database. All accounts have the password."""
    with TemporaryDirectory(prefix="baton-tour-") as folder:
        url = f"sqlite:///{Path(folder) / 'baton.db'}"
        before, os.environ["BATON_DATABASE_URL"] = os.environ.get("BATON_DATABASE_URL"), url
        engine = connect(url)
        try:
            migrate(engine)
            seed(engine, "XS", now=now, password_hash=hash_password("accounts", password))
            rehearsal.publish(engine, now)
            yield engine
        finally:
            engine.dispose()
            del os.environ["BATON_DATABASE_URL"]
            if before is not None:
                os.environ["BATON_DATABASE_URL"] = before


class Time:
    """A time that stands still until it is moved; an API started with --clock follows it."""

    def __init__(self, folder: Path, now: datetime) -> None:
        self.path, self.now = folder / "now.txt", now
        self.go_to(now)

    def go_to(self, now: datetime) -> None:
        """Never back. Whoever reads the file meanwhile reads either time, and no half of one."""
        self.now = max(now, self.now)
        new = self.path.with_suffix(".new")
        new.write_text(self.now.isoformat(), encoding="ascii")
        new.replace(self.path)
