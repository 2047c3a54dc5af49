"""python -m api: prepare the database, then serve and do timed work until Ctrl-C.

BATON_PORT (8000) and BATON_ADDRESS (127.0.0.1) say where. BATON_DEMO=no leaves the demo region
out; then BATON_ADMIN_PASSWORD opens the account “root”. BATON_PREFECT=no does timed work without
Prefect; BATON_PREFECT_PORT (4200) says where its page is.
"""

import argparse
import gc
import logging
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from socket import socket

import uvicorn

from api.app import create_app, utc_now
from api.beginning import PASSWORD, prepare
from api.footing import CannotStart, reach_database, take_port
from api.rehearsed_time import read_from
from api.timed_work import plan_flows, timed_work
from records.region import ACCOUNTS

READY = """
Baton 接力 is ready: {url}
  Everything it can do:   {url}/api/openapi.json
  Demo accounts:          {accounts}
  Their password:         {password}
  Flows, in a moment:     {flows}
  Stop:                   Ctrl-C
"""


def main() -> int:
    """0: stopped. 2: cannot start, with a sentence. 130: stopped before it was ready."""
    chosen = _read()
    logging.basicConfig(level="WARNING", format="%(asctime)s %(levelname)s %(name)s %(message)s")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stops us as Ctrl-C does
    try:
        run(chosen)
    except CannotStart as why:
        print(why.zh, why.en, sep="\n", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def run(chosen: argparse.Namespace) -> None:
    with take_port(chosen.address, chosen.port) as door:
        engine = reach_database()
        if chosen.only_api:
            clock = read_from(chosen.clock) if chosen.clock else utc_now
            serve(create_app(engine, clock=clock), chosen, door)
        else:
            has_demo = prepare(engine)
            flows, settings = plan_flows()
            with timed_work(settings):
                _tell_ready(chosen, has_demo, flows)
                serve(create_app(engine), chosen, door)
        engine.dispose()


def serve(app: object, chosen: argparse.Namespace, door: socket | None = None) -> None:
    """Returns after Ctrl-C, when what was asked before has been answered."""
    settings = uvicorn.Config(
        app,  # type: ignore[arg-type]
        host=chosen.address,
        port=chosen.port,
        log_config=None,
        access_log=False,  # api/wire.py writes a line with the request's number
        server_header=False,
        timeout_graceful_shutdown=10,
    )
    gc.collect()
    gc.freeze()  # what is there by now stays: no need to look through it again and again
    with suppress(KeyboardInterrupt):  # uvicorn raises it again once it has stopped
        uvicorn.Server(settings).run(sockets=[door] if door else None)


def _tell_ready(chosen: argparse.Namespace, has_demo: bool, flows: str) -> None:
    told = {"accounts": ", ".join(ACCOUNTS), "password": PASSWORD}
    if not has_demo:
        told = dict.fromkeys(told, "none: this database is not a demo")
    told["flows"] = flows
    print(READY.format(url=f"http://{chosen.address}:{chosen.port}", **told), flush=True)


def _read() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m api", description=__doc__)
    port, address = os.environ.get("BATON_PORT"), os.environ.get("BATON_ADDRESS")
    parser.add_argument("--port", type=_port, default=port or "8000")
    parser.add_argument("--address", default=address or "127.0.0.1")
    parser.add_argument(
        "--only-api", action="store_true", help="no preparation, no timed work: one of several"
    )
    parser.add_argument(
        "--clock", type=Path, help="of --only-api, for rehearsals: a file that says what time it is"
    )
    return parser.parse_args()


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 2**16:
        raise argparse.ArgumentTypeError(f"{text} is no port: set BATON_PORT to one below 65536")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
