"""A server, API and timed work, in a process of its own that test_killed.py kills."""

import json
import os
import threading

import uvicorn

from api.app import create_app
from records.database import connect
from workflows import shift


def serve(url: str, port: int, receiver: str) -> None:
    os.environ["BATON_SYSTEMS"] = json.dumps({"nms": receiver})
    engine = connect(url)
    threading.Thread(target=shift.work, args=(engine, threading.Event()), daemon=True).start()
    uvicorn.run(create_app(engine), port=port, log_config=None, access_log=False)
