"""Links in notices: where to act, and where a recipient says that they have seen it.

BATON_URL is how people reach this server; without it there are no links. The secret of a link
is made when the notice leaves, and only its hash is kept.
"""

import hashlib
import os
import secrets

SEEN = "«seen»"  # in the kept text, where the link was


def address(path: str) -> str:
    """The whole address of a path of ours; "" where it cannot be known."""
    base = os.environ.get("BATON_URL", "").rstrip("/")
    return path if "://" in path else f"{base}{path}" if base and path else ""


def seen_mark() -> str:
    return SEEN if os.environ.get("BATON_URL") else ""


def make_secret() -> str:
    return secrets.token_urlsafe(24)


def hash_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def put_in(text: str, secret: str | None) -> str:
    """The text as it leaves."""
    return text.replace(SEEN, address(f"/api/notices/seen?key={secret}") if secret else "")
