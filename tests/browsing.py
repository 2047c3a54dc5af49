"""A real browser for test_journeys.py: the Chromium of this machine, our pages on a free port.

Whatever a page complains of (a script that fails, a refused resource) fails its test.
"""

import os
import shutil
import threading
import time
from contextlib import contextmanager

import uvicorn

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HARMLESS = ("status of 422", "status of 409", "status of 403")  # a refusal is no trouble of a page
PATIENCE = 60_000  # ms; a busy machine takes long


def find_chromium():
    return os.environ.get("BATON_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def served(app):
    """The address of the app, in a thread."""
    settings = uvicorn.Config(app, port=0, log_level="error", lifespan="off")
    server = uvicorn.Server(settings)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


class Browsing:
    """Opens pages of one server, each in a browser of its own, and notes what they complain of."""

    def __init__(self, chromium, address):
        self.chromium, self.address = chromium, address
        self.troubles, self.contexts = [], []

    def open(self, *, language, width, **cookies):
        size = {"width": width, "height": 900}
        context = self.chromium.new_context(base_url=self.address, viewport=size, locale="en-GB")
        self.contexts.append(context)
        told = {"language": language, **cookies}
        rows = [{"name": name, "value": it, "url": self.address} for name, it in told.items()]
        context.add_cookies(rows)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("console", self.note)
        return page

    def note(self, said):
        if said.type == "error" and not any(words in said.text for words in HARMLESS):
            self.troubles.append(said.text)

    def close(self):
        for context in self.contexts:
            context.close()  # a second time does nothing
