"""Prefect's server as a child of ours: its settings, its home, its port, its database.

Nothing of ours is in its database: one that it cannot open is moved aside, and it begins anew.
"""

import logging
import os
import socket
import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from records.database import home
from workflows.children import Child
from workflows.prefect_api import PrefectApi

PORT = 4200
KEPT = 7 * 24 * 3600  # seconds that Prefect keeps its runs; ours are in our tables
HUNG = 180.0  # seconds without an answer
GIVES_UP = 3  # so many deaths before it ever answered, and its database goes
DATABASE = "prefect.db"

log = logging.getLogger(__name__)


class PrefectServer:
    """Ours. `keep` is called all the time."""

    def __init__(self) -> None:
        self.folder = home() / "prefect"
        self.folder.mkdir(exist_ok=True)
        self.child = Child("Prefect's server", (), {}, self.folder / "server.log")
        self.answered_at = 0.0  # never since it was started
        self.has_begun_anew = False
        self._take(free_port(int(os.environ.get("BATON_PREFECT_PORT") or PORT)))

    def keep(self) -> bool:
        """Whether it answers; where it is gone, it is started."""
        if self.child.keep(self._prepare):
            self.answered_at = 0.0
        if self.child.is_alive() and self.api.is_healthy() and self._is_ours():
            self.answered_at = time.monotonic()
            return True
        since = max(self.answered_at, self.child.started_at)
        if self.child.is_alive() and time.monotonic() - since > HUNG:
            log.warning("Prefect's server does not answer: it is started again")
            self.child.kill()
        return False

    def stop(self) -> None:
        self.child.stop(patience=3.0)

    def _take(self, port: int) -> None:
        self.port, self.page = port, f"http://127.0.0.1:{port}"
        self.api = PrefectApi(f"{self.page}/api")
        self.env = self.child.env = settings(self.folder, f"{self.page}/api", self.page)
        where = ("--host", "127.0.0.1", "--port", str(port))
        self.child.command = ("prefect", "server", "start", *where)

    def _is_ours(self) -> bool:
        """Not somebody else's, who was faster with the port: ours is about to end, then."""
        return bool(self.answered_at) or self.api.home() == str(self.folder)

    def _prepare(self) -> None:
        """A port that is free now, and a database that can be read."""
        self._take(free_port(self.port))
        path = self.folder / DATABASE
        is_hopeless = self.child.deaths >= GIVES_UP and not self.answered_at
        if path.exists() and not self.has_begun_anew and (is_hopeless or not is_whole(path)):
            self.has_begun_anew = True
            set_aside(path)


def settings(folder: Path, api: str, page: str) -> dict[str, str]:
    """The environment of all that is Prefect's. What is set already stays, but for its place."""
    ours = {
        "PREFECT_HOME": str(folder),
        "PREFECT_PROFILES_PATH": str(folder / "profiles.toml"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        # or a flow without a server would start one by itself
        "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",
        # in memory, a limit that a killed flow held would be held for ever
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": (
            "prefect.server.concurrency.lease_storage.filesystem"
        ),
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": str(KEPT),
        "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": "P3D",
        "PREFECT_LOGGING_LEVEL": "WARNING",
        "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    }
    fixed = {name: ours[name] for name in ("PREFECT_HOME", "PREFECT_PROFILES_PATH")}
    fixed |= {"PREFECT_API_URL": api, "PREFECT_UI_URL": page}
    told = ours | dict(os.environ) | fixed
    around = [told.get("NO_PROXY") or told.get("no_proxy") or "", "127.0.0.1", "localhost"]
    told["NO_PROXY"] = told["no_proxy"] = ",".join(filter(None, around))
    return told


def is_whole(path: Path) -> bool:
    """Whether SQLite can read it all."""
    try:
        with closing(sqlite3.connect(path, timeout=5)) as connection:
            return bool(connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
    except sqlite3.DatabaseError as error:
        return "locked" in str(error)  # by one that is still at work


def set_aside(path: Path) -> None:
    """With what SQLite keeps beside it."""
    lost = time.strftime("%Y%m%dT%H%M%S.lost")
    for one in path.parent.glob(f"{path.name}*"):
        if not one.name.endswith(".lost"):
            one.rename(one.with_name(f"{one.name}.{lost}"))
    log.warning("Prefect's database could not be opened: kept as %s.%s, begun anew", path, lost)


def free_port(wanted: int) -> int:
    """It, or any other that is free."""
    for port in (wanted, 0):
        try:
            with socket.create_server(("127.0.0.1", port)) as door:
                return int(door.getsockname()[1])
        except OSError:
            log.info("Port %s is taken", port)
    raise OSError("no port is free")


class ElsewherePrefect:
    """A server that others run; PREFECT_API_URL says where."""

    def __init__(self, url: str, env: Mapping[str, str] = os.environ) -> None:
        folder = home() / "prefect"
        folder.mkdir(exist_ok=True)
        self.folder, self.api = folder, PrefectApi(url)
        self.page = env.get("PREFECT_UI_URL") or url.removesuffix("/api")
        self.env = settings(folder, url, self.page)

    def keep(self) -> bool:
        return self.api.is_healthy()

    def stop(self) -> None:
        pass
