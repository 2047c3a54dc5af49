"""Other systems, over HTTP. BATON_SYSTEMS names them: {"nms": "http://10.0.0.5/baton"}.

Only addresses set there are ever called, so that no diagram and no customer's text can choose one.
"""

import json
import os
from typing import Any

import httpx

from notifications.refusals import NotSent

SECONDS = 10.0  # how long the far side may take
LARGEST = 256 * 1024  # bytes of an answer


def send(key: str, to: str, subject: str, text: str) -> None:
    ask(key, to, {"subject": subject, "text": text})


def ask(key: str, system: str, body: dict[str, Any]) -> dict[str, Any]:
    """POST `body` as JSON under `key`; the far side's JSON object, or {} if it sends none."""
    try:
        answer = httpx.post(
            address(system), json=body, headers={"Idempotency-Key": key}, timeout=SECONDS
        )
    except httpx.HTTPError as error:
        raise NotSent(f"{system}: {type(error).__name__}: {error}") from error
    if answer.is_error:
        is_final = 400 <= answer.status_code < 500 and answer.status_code not in (408, 409, 429)
        raise NotSent(f"{system} answered {answer.status_code}", is_final=is_final)
    return _object(system, answer.content)


def address(system: str) -> str:
    known = json.loads(os.environ.get("BATON_SYSTEMS", "{}"))
    if system not in known:
        raise NotSent(f"No system “{system}”: set its address in BATON_SYSTEMS", is_final=True)
    return str(known[system])


def _object(system: str, content: bytes) -> dict[str, Any]:
    if len(content) > LARGEST:
        raise NotSent(f"{system} answered more than {LARGEST} bytes", is_final=True)
    try:
        found = json.loads(content or b"{}")
    except ValueError as error:
        raise NotSent(f"{system} did not answer in JSON", is_final=True) from error
    return found if isinstance(found, dict) else {"answer": found}
