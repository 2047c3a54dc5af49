"""Where to listen, whom to know: BATON_SNMP, BATON_SYSLOG, BATON_LISTEN. Called by listening.py.

BATON_LISTEN is a JSON file, or JSON itself: {"senders": [{"source": "hw-ems", "networks":
["10.9.0.0/24"]}], "users": [{"name": …, "passphrase": …, "secret": …}]}. docs/listening.md
"""

import ipaddress
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

RULE = {"source", "kind", "networks", "community", "user", "port"}
USER = {"name", "authentication", "passphrase", "privacy", "secret"}
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class BadSetting(Exception):
    """A setting that cannot be: which, and what it should be. Never shows a passphrase."""


@dataclass(frozen=True)
class Rule:
    """All that it names must fit. `networks` empty: from anywhere."""

    source: str
    kind: str = ""
    networks: tuple[Network, ...] = ()
    community: str = ""
    user: str = ""
    port: int = 0

    def fits(self, kind: str, address: str, community: str, user: str, port: int) -> bool:
        asked = (self.kind, kind), (self.community, community), (self.user, user), (self.port, port)
        if any(wanted and wanted != told for wanted, told in asked):
            return False
        return not self.networks or _is_in(address, self.networks)


class Senders:
    """Whose it is: the first rule that fits."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = rules
        self.source_of = lru_cache(maxsize=20_000)(self._find)

    def _find(self, kind: str, address: str, community: str, user: str, port: int) -> str:
        """The key of the source, "" where nobody is known."""
        fit = (one.source for one in self.rules if one.fits(kind, address, community, user, port))
        return next(fit, "")


@dataclass(frozen=True)
class Settings:
    snmp: tuple[str, int] | None = None
    syslog: tuple[str, int] | None = None
    rules: tuple[Rule, ...] = ()
    users: Sequence[Mapping[str, str]] = field(default=(), repr=False)

    def __bool__(self) -> bool:
        return bool(self.snmp or self.syslog)


def read_settings(given: Mapping[str, str] = os.environ) -> Settings:
    """Raises BadSetting."""
    told = _load(given.get("BATON_LISTEN") or "{}")
    return Settings(
        snmp=_address("BATON_SNMP", given.get("BATON_SNMP") or ""),
        syslog=_address("BATON_SYSLOG", given.get("BATON_SYSLOG") or ""),
        rules=tuple(_rule(n, one) for n, one in enumerate(told.get("senders", []), 1)),
        users=tuple(_user(n, one) for n, one in enumerate(told.get("users", []), 1)),
    )


def _address(name: str, told: str) -> tuple[str, int] | None:
    if not told:
        return None
    host, _, port = told.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        host = ""
    if not host or not port.isdecimal() or int(port) >= 2**16:
        raise BadSetting(f"{name}={told}: an address and a port, as in 127.0.0.1:1162")
    return host, int(port)


def _load(told: str) -> dict[str, Any]:
    try:
        text = told if told.lstrip().startswith("{") else Path(told).read_text(encoding="utf-8")
        loaded = json.loads(text)
    except OSError as error:
        raise BadSetting(f"BATON_LISTEN: {error}") from error
    except ValueError as error:
        raise BadSetting("BATON_LISTEN is no JSON: see docs/listening.md") from error
    known = isinstance(loaded, dict) and loaded.keys() <= {"senders", "users"}
    if not known or not all(isinstance(one, list) for one in loaded.values()):
        raise BadSetting("BATON_LISTEN has two lists, “senders” and “users”: docs/listening.md")
    return dict(loaded)


def _rule(place: int, told: Any) -> Rule:
    if not isinstance(told, dict) or not told.keys() <= RULE or not told.get("source"):
        raise BadSetting(f"BATON_LISTEN: sender {place} needs “source”, and knows {sorted(RULE)}")
    try:
        networks = tuple(ipaddress.ip_network(one) for one in told.get("networks", ()))
    except (ValueError, TypeError) as error:
        raise BadSetting(f"BATON_LISTEN: networks of sender {place}: {error}") from error
    return Rule(**{**told, "networks": networks})


def _user(place: int, told: Any) -> Mapping[str, str]:
    is_known = isinstance(told, dict) and told.keys() <= USER and told.get("name")
    if not is_known or not all(isinstance(one, str) for one in told.values()):
        raise BadSetting(f"BATON_LISTEN: user {place} needs “name”, and knows {sorted(USER)}")
    for name in ("passphrase", "secret"):
        if 0 < len(told.get(name, "")) < 8:
            raise BadSetting(f"BATON_LISTEN: the {name} of user {place} has 8 characters or more")
    if told.get("secret") and not told.get("passphrase"):
        raise BadSetting(f"BATON_LISTEN: user {place} has a secret, but no passphrase")
    return dict(told)


def _is_in(address: str, networks: Sequence[Network]) -> bool:
    place = ipaddress.ip_address(address.split("%")[0])
    mapped = getattr(place, "ipv4_mapped", None)
    return any((mapped or place) in network for network in networks)
