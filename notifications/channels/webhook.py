"""Other systems, over HTTP, signed as Standard Webhooks has it. BATON_SYSTEMS names them:

{"nms": "http://10.0.0.5/baton"} or {"nms": {"url": "https://…", "secret": "whsec_…"}}. Only
addresses set there are ever called, so that no diagram and no customer's text can choose one.
"""

import base64
import binascii
import hashlib
import hmac
import json
import time
from typing import Any

from notifications.channels import http
from notifications.refusals import NotSent


def send(key: str, to: str, title: str, text: str) -> None:
    ask(key, to, {"subject": title, "text": text})


def is_ready() -> bool:
    return http.has_settings("BATON_SYSTEMS")


def ask(key: str, system: str, body: dict[str, Any]) -> dict[str, Any]:
    """POST `body` as JSON under `key`; the far side's JSON object, or {} if it sends none."""
    url, secret = _find(system)
    content = json.dumps(body, ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json", "Idempotency-Key": key}
    if secret:
        headers |= sign(key, secret, content, at=int(time.time()))
    return http.read_object(system, http.post(system, url, content, headers))


def sign(key: str, secret: str, content: bytes, *, at: int) -> dict[str, str]:
    """The three headers of Standard Webhooks: HMAC-SHA256 over “id.seconds.body”."""
    signed = f"{key}.{at}.".encode() + content
    digest = hmac.digest(_key_of(secret), signed, hashlib.sha256)
    return {
        "webhook-id": key,
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def _find(system: str) -> tuple[str, str]:
    known = http.settings("BATON_SYSTEMS")
    if system not in known:
        raise NotSent(f"No system “{system}”: set its address in BATON_SYSTEMS", is_final=True)
    found = known[system]
    told = found if isinstance(found, dict) else {"url": found}
    return str(told.get("url", "")), str(told.get("secret", ""))


def _key_of(secret: str) -> bytes:
    """whsec_ and base64, as the standard has it; anything else is taken as it is."""
    if secret.startswith("whsec_"):
        try:
            return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            pass
    return secret.encode()
