"""A clerk: somebody who works over the HTTP API, as a script. Used by replay.py."""

import http.client
import json
import time
from typing import Any

IDLE = 3.0  # seconds; the server closes a connection that is idle for five


class Answered(Exception):
    """The server said no: status and what it told."""

    def __init__(self, status: int, told: Any) -> None:
        super().__init__(f"{status}: {told}")
        self.status, self.told = status, told


class Clerk:
    """A signed-in person with one connection that stays open."""

    def __init__(self, port: int, login: str, password: str) -> None:
        self.login = login
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.asked_at = time.monotonic()
        self.headers = {"Content-Type": "application/json", "Sec-Fetch-Site": "same-origin"}
        self.post("/api/sign-ins", {"login": login, "password": password})

    def close(self) -> None:
        self.connection.close()

    def get(self, path: str) -> Any:
        return self.ask("GET", path, None)

    def post(self, path: str, body: Any = None) -> Any:
        return self.ask("POST", path, {} if body is None else body)

    def ask(self, method: str, path: str, body: Any) -> Any:
        text = None if body is None else json.dumps(body)
        if time.monotonic() - self.asked_at > IDLE:
            self.connection.close()  # the server has, or is about to; asking opens it again
        self.asked_at = time.monotonic()
        self.connection.request(method, path, text, self.headers)
        answer = self.connection.getresponse()
        content = answer.read()
        cookie = answer.getheader("Set-Cookie")
        if cookie:
            self.headers["Cookie"] = cookie.split(";")[0]
        told = json.loads(content) if content else None
        if answer.status >= 400:
            raise Answered(answer.status, told)
        return told
