"""python -m api: prepare the database, then serve and do timed work until Ctrl-C.

BATON_PORT (8000) and BATON_ADDRESS (127.0.0.1) say where. BATON_DEMO=no leaves the demo region
out; then BATON_ADMIN_PASSWORD opens the account “root”.
"""

import argparse
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from api.app import create_app
from api.beginning import PASSWORD, prepare
from records.database import connect
from records.region import ACCOUNTS

READY = """
Baton 接力 is ready: {url}
  Everything it can do:   {url}/api/openapi.json
  Demo accounts:          {accounts}
  Their password:         {password}
  Stop:                   Ctrl-C
"""


def main() -> None:
    chosen = _read()
    logging.basicConfig(level="WARNING", format="%(asctime)s %(levelname)s %(name)s %(message)s")
    engine = connect()
    if chosen.only_api:
        serve(create_app(engine), chosen)
    else:
        has_demo = prepare(engine)
        with timed_work():
            _tell_ready(chosen, has_demo)
            serve(create_app(engine), chosen)
    engine.dispose()


def serve(app: object, chosen: argparse.Namespace) -> None:
    """Returns after Ctrl-C, when what was asked before has been answered."""
    uvicorn.run(
        app,  # type: ignore[arg-type]
        host=chosen.address,
        port=chosen.port,
        log_config=None,
        access_log=False,  # api/wire.py writes a line with the request's number
        server_header=False,
        timeout_graceful_shutdown=10,
    )


@contextmanager
def timed_work() -> Iterator[None]:
    """The timed work in a process of its own. A new session: Ctrl-C stops it through us."""
    command = [sys.executable, "-m", "workflows", "work"]
    child = subprocess.Popen(command, start_new_session=True)
    try:
        yield
    finally:
        child.terminate()
        try:
            child.wait(timeout=15)
        except subprocess.TimeoutExpired:
            child.kill()


def _tell_ready(chosen: argparse.Namespace, has_demo: bool) -> None:
    told = {"accounts": ", ".join(ACCOUNTS), "password": PASSWORD}
    if not has_demo:
        told = dict.fromkeys(told, "none: this database is not a demo")
    print(READY.format(url=f"http://{chosen.address}:{chosen.port}", **told), flush=True)


def _read() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m api", description=__doc__)
    port, address = os.environ.get("BATON_PORT", "8000"), os.environ.get("BATON_ADDRESS")
    parser.add_argument("--port", type=int, default=int(port))
    parser.add_argument("--address", default=address or "127.0.0.1")
    parser.add_argument(
        "--only-api", action="store_true", help="no preparation, no timed work: one of several"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
