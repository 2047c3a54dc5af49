"""python -m api: bring the database up to date and serve, until Ctrl-C.

BATON_PORT (8000) and BATON_ADDRESS (127.0.0.1) say where.
"""

import logging
import os

import uvicorn

from api.app import create_app
from records.database import connect, migrate


def main() -> None:
    logging.basicConfig(level="INFO", format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("alembic").setLevel("WARNING")
    engine = connect()
    migrate(engine)
    serve(
        create_app(engine),
        address=os.environ.get("BATON_ADDRESS", "127.0.0.1"),
        port=int(os.environ.get("BATON_PORT", "8000")),
    )
    engine.dispose()


def serve(app: object, *, address: str, port: int) -> None:
    """Returns after Ctrl-C, when what was asked before has been answered."""
    print(f"http://{address}:{port}/api/openapi.json")
    uvicorn.run(
        app,  # type: ignore[arg-type]
        host=address,
        port=port,
        log_config=None,
        access_log=False,  # api/wire.py writes a line with the request's number
        server_header=False,
        timeout_graceful_shutdown=10,
    )


if __name__ == "__main__":
    main()
