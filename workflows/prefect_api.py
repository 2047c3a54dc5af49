"""What we ask Prefect's server for, over HTTP and without importing Prefect, which takes a second.

Called by supervising.py. All that is about runs of other people's flows is left alone.
"""

import base64
import json
import logging
import os
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

TAG = "baton"  # on all runs of ours
DEPLOYMENT = "main"
TRIES = 6  # on SQLite the server answers 503 while its database is locked
MOST = 200  # runs in one answer

log = logging.getLogger(__name__)


class NoAnswer(Exception):
    """Prefect's server is not there, or not able."""


class PrefectApi:
    """The server at `url`, which ends in /api."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        # What is in http_proxy is not meant for this machine, nor for a server beside it.
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def is_healthy(self) -> bool:
        try:
            return self._ask("GET", "/health", None, timeout=2.0) is True
        except (OSError, ValueError):
            return False

    def home(self) -> str:
        """The folder of the server."""
        return str(self.ask("GET", "/admin/settings")["home"])

    def run_now(self, flow: str, key: str) -> bool:
        """Ask for a run; under the same key it is the same run. False where no runner knows it."""
        found = self.ask("GET", f"/deployments/name/{quote(flow)}/{DEPLOYMENT}")
        if found is None:
            return False
        told = {"idempotency_key": key, "state": {"type": "SCHEDULED"}}
        self.ask("POST", f"/deployments/{found['id']}/create_flow_run", told)
        return True

    def drop_late(self, now: datetime, grace: timedelta = timedelta(seconds=30)) -> int:
        """Runs that were missed would all come at once; what they were for is made up for."""
        before = {"next_scheduled_start_time": {"before_": (now - grace).isoformat()}}
        dropped = 0
        for run in self._runs({"state": {"type": {"any_": ["SCHEDULED"]}}, **before}):
            self.ask("DELETE", f"/flow_runs/{run['id']}")
            dropped += 1
        return dropped

    def close_dead(self, live: set[str], now: datetime, grace: timedelta) -> int:
        """Runs without a sign of life in our tables are over: Prefect learns of it from us."""
        closed = 0
        for run in self._runs({"state": {"type": {"any_": ["PENDING", "RUNNING"]}}}):
            since = datetime.fromisoformat(run["state"]["timestamp"])
            if run["id"] not in live and since <= now - grace:
                self._close(run["id"], "CRASHED", "Crashed", "its process is gone")
                closed += 1
        return closed

    def close(self, stopped: set[str]) -> None:
        """Baton was stopped here, and these runs with it."""
        for run in self._runs({"state": {"type": {"any_": ["PENDING", "RUNNING"]}}}):
            if run["id"] in stopped:
                self._close(run["id"], "CANCELLED", "Stopped", "stopped with Baton")

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """None where there is no such thing."""
        for again in range(TRIES):
            try:
                return self._ask(method, path, body, timeout=10.0)
            except urllib.error.HTTPError as error:
                if error.code == 404:
                    return None
                if error.code not in (429, 500, 503):
                    raise NoAnswer(
                        f"{method} {path}: {error.code} {error.read()[:200]!r}"
                    ) from error
            except (OSError, ValueError) as error:
                log.info("%s %s: %s", method, path, error)
            time.sleep(min(0.2 * 2**again, 3.0))
        raise NoAnswer(f"{method} {path}")

    def _runs(self, which: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Ours. Who goes through them changes them, so they are asked for until none is new."""
        seen: set[str] = set()
        told = {"flow_runs": {"tags": {"all_": [TAG]}, **which}, "limit": MOST}
        while new := [
            r for r in self.ask("POST", "/flow_runs/filter", told) if r["id"] not in seen
        ]:
            seen |= {run["id"] for run in new}
            yield from new

    def _close(self, run_id: str, kind: str, name: str, message: str) -> None:
        state = {"type": kind, "name": name, "message": message}
        self.ask("POST", f"/flow_runs/{run_id}/set_state", {"state": state, "force": True})

    def _ask(self, method: str, path: str, body: Any, timeout: float) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        secret = os.environ.get("PREFECT_API_AUTH_STRING")
        if secret:
            headers["Authorization"] = f"Basic {base64.b64encode(secret.encode()).decode()}"
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        with self.opener.open(request, timeout=timeout) as answer:
            content = answer.read()
        return json.loads(content) if content else None
