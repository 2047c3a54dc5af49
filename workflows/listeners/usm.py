"""SNMP v3 traps under the User-based Security Model (RFC 3414 §3.2), from senders that keep the
time themselves. Keys, digests and ciphers are pysnmp's; the order of the checks is ours, because
pysnmp lets through what is not signed, and what was sent before (docs/decisions).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from pyasn1.type.univ import OctetString
from pysnmp.entity import config
from pysnmp.error import PySnmpError

from workflows.listeners import ber, snmp
from workflows.listeners.ber import INTEGER, OCTETS, SEQUENCE, Unreadable
from workflows.listeners.snmp import Heard

AUTHENTICATION = {
    "MD5": config.USM_AUTH_HMAC96_MD5,
    "SHA": config.USM_AUTH_HMAC96_SHA,
    "SHA-224": config.USM_AUTH_HMAC128_SHA224,
    "SHA-256": config.USM_AUTH_HMAC192_SHA256,
    "SHA-384": config.USM_AUTH_HMAC256_SHA384,
    "SHA-512": config.USM_AUTH_HMAC384_SHA512,
}
PRIVACY = {
    "DES": config.USM_PRIV_CBC56_DES,
    "AES": config.USM_PRIV_CFB128_AES,
    "AES-192": config.USM_PRIV_CFB192_AES_BLUMENTHAL,
    "AES-256": config.USM_PRIV_CFB256_AES_BLUMENTHAL,
    "AES-192-CISCO": config.USM_PRIV_CFB192_AES,
    "AES-256-CISCO": config.USM_PRIV_CFB256_AES,
}
SIGNED, SECRET = 1, 2  # bits of msgFlags
WINDOW = 150  # seconds, RFC 3414 §2.2.3
LAST_BOOTS = 2**31 - 1
MOST_SENDERS = 10_000


@dataclass(frozen=True)
class User:
    """Who may send; a passphrase that is not set means that this is not asked of them."""

    name: str
    authentication: str = "SHA-256"
    passphrase: str = ""
    privacy: str = "AES"
    secret: str = ""

    def __repr__(self) -> str:  # never a passphrase in a log
        return f"User({self.name})"

    @property
    def flags(self) -> int:
        return (SIGNED if self.passphrase else 0) | (SECRET if self.secret else 0)

    @property
    def signs(self) -> Any:
        return config.AUTH_SERVICES[AUTHENTICATION[self.authentication]]

    @property
    def hides(self) -> Any:
        return config.PRIV_SERVICES[PRIVACY[self.privacy]]

    @cached_property
    def keys(self) -> tuple[Any, Any]:
        """A megabyte is hashed for each: once, not for each message."""
        auth = self.signs.hash_passphrase(self.passphrase) if self.passphrase else None
        method = AUTHENTICATION[self.authentication]
        return auth, self.hides.hash_passphrase(method, self.secret) if self.secret else None


@dataclass(frozen=True)
class Envelope:
    """The head of a v3 message."""

    flags: int
    sender: bytes  # the engine that keeps the time
    boots: int
    time: int
    user: str
    digest: bytes
    salt: bytes
    inside: ber.Item


class Traps:
    """What v3 users send. `heard`: sender's engine → boots, its time, ours; survives a restart."""

    def __init__(self, users: Mapping[str, User], heard: dict[str, tuple[int, int, float]]) -> None:
        self.users, self.heard = users, heard
        self.keys: dict[tuple[str, bytes], tuple[Any, Any]] = {}

    def read(self, data: bytes, agent: str, at: datetime) -> Heard:
        head = open_envelope(data)
        user = self._check(head)
        data, inside = self._decipher(data, head, user, self._verify(data, head, user))
        pdu = ber.read_sequence(data, inside, OCTETS, OCTETS)[2:]
        if not pdu or pdu[0][0] != snmp.TRAP:
            raise Unreadable("不是 trap", "it asks or answers, but is no trap")
        if user.passphrase:
            self._in_time(head, at.timestamp())
        told = snmp.read_notification(data, pdu[0], agent, at)
        return Heard({**told, "user": user.name, "engine": head.sender.hex()}, user=user.name)

    def check_digest(self, head: Envelope) -> None:
        """A library has let in empty ones before (lextudio/pysnmp#249)."""
        user = self.users.get(head.user)
        if user and head.flags & SIGNED and len(head.digest) != user.signs.digest_length:
            raise Unreadable(
                f"认证码不是“{user.name}”的", f"its signature is not that of “{user.name}”"
            )

    def _check(self, head: Envelope) -> User:
        user = self.users.get(head.user)
        if user is None:
            raise Unreadable(
                f"没有用户“{head.user[:32]}”", f"the user “{head.user[:32]}” is not known"
            )
        elif head.flags & 3 != user.flags:
            raise Unreadable(
                f"“{user.name}”须按约定认证和加密",
                f"“{user.name}” must sign and encipher as was agreed",
            )
        elif not 5 <= len(head.sender) <= 32 or head.boots >= LAST_BOOTS:
            raise Unreadable("引擎标识或启动次数有误", "a sender with no proper engine id or boots")
        return user

    def _verify(self, data: bytes, head: Envelope, user: User) -> Any:
        """The key that deciphers it, once its signature is found to be right."""
        sign, hide = self._keys_for(user, head.sender)
        if user.passphrase:
            self.check_digest(head)
            try:
                user.signs.authenticate_incoming_message(sign, OctetString(head.digest), data)
            except (PySnmpError, ValueError) as error:
                raise Unreadable(
                    f"认证码不是“{user.name}”的", f"its signature is not that of “{user.name}”"
                ) from error
            self.keys[user.name, head.sender] = sign, hide  # only for who has proved to be one
        return hide

    def _keys_for(self, user: User, sender: bytes) -> tuple[Any, Any]:
        known = self.keys.get((user.name, sender))
        if known:
            return known
        elif len(self.keys) > MOST_SENDERS:
            self.keys.clear()
        sign, hide = user.keys
        engine, method = OctetString(sender), AUTHENTICATION[user.authentication]
        return (
            user.signs.localize_key(sign, engine) if sign is not None else None,
            user.hides.localize_key(method, hide, engine) if hide is not None else None,
        )

    def _decipher(
        self, data: bytes, head: Envelope, user: User, key: Any
    ) -> tuple[bytes, ber.Item]:
        if not user.secret:
            return data, head.inside
        times = head.boots, head.time, OctetString(head.salt)
        hidden = OctetString(data[head.inside[1] : head.inside[2]])
        try:
            plain = bytes(user.hides.decrypt_data(key, times, hidden))
        except (PySnmpError, ValueError) as error:
            raise Unreadable("无法解密", "it cannot be deciphered") from error
        return plain, ber.read_item(plain, 0, len(plain))

    def _in_time(self, head: Envelope, now: float) -> None:
        """RFC 3414 §3.2 7b, against what the same sender said before."""
        key = head.sender.hex()
        boots, time, at = self.heard.get(key, (0, 0, now))
        earliest = time + (now - at) - WINDOW
        if head.boots < boots or (head.boots == boots and head.time < earliest):
            raise Unreadable(
                "报文过时:重放,或设备时间倒退",
                "it was sent long ago: a copy, or the sender's clock was set back",
            )
        elif (head.boots, head.time) > (boots, time):
            if key not in self.heard and len(self.heard) >= MOST_SENDERS:
                self.heard.pop(next(iter(self.heard)))
            self.heard[key] = head.boots, head.time, now


def open_envelope(data: bytes) -> Envelope:
    """Raises Unreadable. What follows the head may be enciphered."""
    whole = ber.read_item(data, 0, len(data))
    parts = ber.read_sequence(data, whole, INTEGER, SEQUENCE, OCTETS)
    if len(parts) != 4:
        raise Unreadable("SNMP v3 报文须有四部分", "an SNMP v3 message has four parts")
    head = ber.read_sequence(data, parts[1], INTEGER, INTEGER, OCTETS, INTEGER)
    if len(head) != 4 or ber.number(data, head[3]) != 3 or head[2][1] == head[2][2]:
        raise Unreadable("不认识的安全模型", "a security model that is not known")
    kept = ber.read_item(data, parts[2][1], parts[2][2])
    tags = OCTETS, INTEGER, INTEGER, OCTETS, OCTETS, OCTETS
    sender, boots, time, user, digest, salt = ber.read_sequence(data, kept, *tags)[:6]

    def raw(item: ber.Item) -> bytes:
        return data[item[1] : item[2]]

    return Envelope(
        flags=data[head[2][1]],
        sender=raw(sender),
        boots=ber.number(data, boots),
        time=ber.number(data, time),
        user=raw(user).decode("utf-8", "backslashreplace"),
        digest=raw(digest),
        salt=raw(salt),
        inside=parts[3],
    )
