"""SNMP v3: who keeps the time, the sender of a trap or we, and what is remembered over a restart.

usm.py reads traps, informs.py what is meant for our own engine. Loads pysnmp: only where there are
users.
"""

import json
import logging
import secrets
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from workflows.listeners import usm
from workflows.listeners.informs import Informs
from workflows.listeners.settings import BadSetting
from workflows.listeners.snmp import Heard
from workflows.listeners.usm import Traps, User

PREFIX = bytes.fromhex("80004fb805")  # RFC 3411 §5: pysnmp's enterprise, then octets of our own
KEPT_EVERY = 5.0  # seconds

log = logging.getLogger(__name__)


class V3:
    """Reads what the users send. `folder` is where engine id, boots and times are kept."""

    def __init__(self, users: Mapping[str, User], folder: Path) -> None:
        self.path, self.kept_at = folder / "snmp-engine.json", time.monotonic()
        kept = _load(self.path)
        self.engine = bytes.fromhex(kept.get("engine", "")) or PREFIX + secrets.token_bytes(8)
        self.boots = int(kept.get("boots", 0)) + 1
        heard = {key: (one[0], one[1], one[2]) for key, one in kept.get("heard", {}).items()}
        self.traps = Traps(users, heard)
        self.users = users
        self.keep()

    def read(self, data: bytes, agent: str, at: datetime) -> Heard:
        head = usm.open_envelope(data)
        if head.sender in (b"", self.engine):
            self.traps.check_digest(head)
            return self.informs.read(data, agent, at, head.user)
        heard = self.traps.read(data, agent, at)
        if time.monotonic() - self.kept_at > KEPT_EVERY:
            try:
                self.keep()
            except OSError as error:  # a full disk is no reason to refuse a trap
                log.error("Boots and times of senders cannot be kept: %s", error)
        return heard

    @cached_property
    def informs(self) -> Informs:
        """Made when the first one comes: pysnmp takes a second for it."""
        return Informs(self.users, self.engine, self.boots)

    def keep(self) -> None:
        """Whole or not at all, and for nobody else."""
        self.kept_at = time.monotonic()
        kept = {"engine": self.engine.hex(), "boots": self.boots, "heard": self.traps.heard}
        new = self.path.with_suffix(".new")
        new.touch(mode=0o600)
        new.write_text(json.dumps(kept), encoding="ascii")
        new.replace(self.path)


def make_users(told: Sequence[Mapping[str, str]]) -> dict[str, User]:
    """Raises BadSetting."""
    users = {one["name"]: User(**one) for one in told}
    for user in users.values():
        if user.authentication not in usm.AUTHENTICATION or user.privacy not in usm.PRIVACY:
            known = [*usm.AUTHENTICATION, *usm.PRIVACY]
            raise BadSetting(f"BATON_LISTEN: what user “{user.name}” signs with: one of {known}")
    return users


def _load(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="ascii")))
    except (FileNotFoundError, ValueError):
        return {}
