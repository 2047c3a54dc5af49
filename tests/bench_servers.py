"""Servers for the benchmarks, each in a process of its own, and the one client that asks them."""

import http.client
import json
import multiprocessing
import socket
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from api.__main__ import serve
from api.app import create_app
from api.door import COOKIE
from records.database import connect

PATIENCE = 60  # seconds until a server must answer
SPAWN = multiprocessing.get_context("spawn")


class Client:
    """One connection, kept open."""

    def __init__(self, port: int, secret: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self.headers = {"Cookie": f"{COOKIE}={secret}", "Content-Type": "application/json"}

    def ask(self, method: str, path: str, body: bytes = b"") -> Any:
        self.connection.request(method, path, body, self.headers)
        answer = self.connection.getresponse()
        content = answer.read()
        assert answer.status in (200, 202), f"{method} {path}: {answer.status} {content.decode()}"
        return json.loads(content)

    def time(self, path: str, told: dict[str, Any]) -> float:
        """Seconds until a POST is answered."""
        body = json.dumps(told).encode()
        began = time.perf_counter()
        self.ask("POST", path, body)
        return time.perf_counter() - began


@contextmanager
def served(target: Callable[..., None], *given: str, secret: str = "") -> Iterator[Client]:
    """A client of a server that `target(*given, port)` runs; killed afterwards."""
    port = _free_port()
    process = SPAWN.Process(target=target, args=(*given, port), daemon=True)
    process.start()
    try:
        _wait_until_up(port, process)
        yield Client(port, secret)
    finally:
        process.kill()
        process.join()


def serve_ours(url: str, port: int) -> None:
    listen(create_app(connect(url)), port)


def listen(app: object, port: int) -> None:
    """Both sides with the same settings: those of `python -m api`."""
    serve(app, Namespace(address="127.0.0.1", port=port))


def _wait_until_up(port: int, process: Any) -> None:
    ends = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert process.is_alive() and time.monotonic() < ends, "the server did not start"
            time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
