"""A server, API and timed work, in a process of its own that test_killed.py kills."""

import json
import os
import threading
from datetime import timedelta

import uvicorn

from api.app import create_app
from bpmn import calls
from records.database import connect
from workflows import shift

APP = create_app(connect("sqlite://"))  # made once, before the processes part


def serve(url: str, port: int, receiver: str) -> None:
    calls.LEASE = timedelta(seconds=1)  # a killed worker's calls are not waited for
    os.environ["BATON_SYSTEMS"] = json.dumps({"nms": receiver})
    engine = connect(url)
    threading.Thread(target=shift.work, args=(engine, threading.Event()), daemon=True).start()
    APP.state.engine = engine
    uvicorn.run(APP, port=port, log_config=None, access_log=False)
