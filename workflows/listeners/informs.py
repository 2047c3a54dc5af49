"""SNMP v3 informs: their senders ask for our engine id, trust our time and want an answer.

pysnmp's engine does all of that (RFC 3412, 3414); it has no socket here, what it wants to send is
handed back. Called by v3.py.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pyasn1.codec.ber import encoder
from pysnmp.carrier.asyncio.dgram import udp
from pysnmp.carrier.base import AbstractTransportDispatcher
from pysnmp.entity import config
from pysnmp.entity.engine import SnmpEngine
from pysnmp.entity.rfc3413.ntfrcv import NotificationReceiver
from pysnmp.proto.rfc1902 import OctetString

from workflows.listeners import ber, snmp
from workflows.listeners.ber import Unreadable
from workflows.listeners.snmp import Heard
from workflows.listeners.usm import AUTHENTICATION, PRIVACY, User

USM_STATS = bytes.fromhex("2b060106030f0101")  # usmStats of RFC 3414, in a report
REFUSED = {
    1: ("inform 没有按约定认证和加密", "an inform that is not signed and enciphered as was agreed"),
    3: ("inform 的用户不认识", "an inform of a user that is not known"),
    5: ("inform 的认证码不对", "an inform with a wrong signature"),
    6: ("inform 无法解密", "an inform that cannot be deciphered"),
}
SOMEBODY = udp.UdpTransportAddress(("127.0.0.1", 0))


class Informs:
    """`engine` is our id, `boots` how often it began: a sender takes our time by both."""

    def __init__(self, users: Mapping[str, User], engine: bytes, boots: int) -> None:
        self.answers = Answers()
        self.engine = _make_engine(engine, boots)
        self.engine.register_transport_dispatcher(self.answers)
        self.answers.register_transport(udp.DOMAIN_NAME, NoTransport())
        for user in users.values():
            _add(self.engine, user)
        self.told: list[Any] = []
        NotificationReceiver(self.engine, lambda *given: self.told.append(given[4]))

    def read(self, data: bytes, agent: str, at: datetime, name: str) -> Heard:
        """What was said, if pysnmp lets it through, and what is to be answered in any case."""
        self.told.clear()
        self.answers.sent.clear()
        try:
            self.engine.message_dispatcher.receive_message(
                self.engine, udp.DOMAIN_NAME, SOMEBODY, data
            )
        except Exception as error:  # whatever a hostile message does to it
            raise Unreadable(
                f"pysnmp 读不懂:{type(error).__name__}",
                f"pysnmp cannot read it: {type(error).__name__}",
            ) from error
        replies = list(self.answers.sent)
        if not self.told:
            return Heard(replies=replies, refusal=_why(replies))
        told = snmp.tell([_plain(*pair) for pair in self.told[0]], agent, at)
        return Heard({**told, "user": name}, user=name, replies=replies)


class Answers(AbstractTransportDispatcher):  # type: ignore[misc]
    """Where pysnmp sends to."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []

    def send_message(self, message: Any, domain: Any, address: Any) -> None:
        self.sent.append(bytes(message))


class NoTransport(udp.UdpTransport):  # type: ignore[misc]
    """pysnmp looks up how long a message may be here."""

    def __init__(self) -> None:
        pass


def _make_engine(engine: bytes, boots: int) -> Any:
    """SnmpEngine(engine) would keep its boots in the folder for temporary files."""
    made = SnmpEngine()
    builder = made.get_mib_builder()
    names = "snmpEngineID", "snmpEngineBoots"
    own, began = builder.import_symbols("__SNMP-FRAMEWORK-MIB", *names)
    own.syntax = made.snmpEngineID = own.syntax.clone(engine)
    began.syntax = began.syntax.clone(boots)
    return made


def _add(engine: Any, user: User) -> None:
    signs = AUTHENTICATION[user.authentication] if user.passphrase else config.USM_AUTH_NONE
    hides = PRIVACY[user.privacy] if user.secret else config.USM_PRIV_NONE
    keys = [OctetString(key) if key else None for key in (user.passphrase, user.secret)]
    config.add_v3_user(engine, user.name, signs, keys[0], hides, keys[1])


def _why(replies: list[bytes]) -> tuple[str, str] | None:
    """What our report says; that we were asked for our engine id or our time is nobody's fault."""
    found = (why for number, why in REFUSED.items() if USM_STATS + bytes([number, 0]) in replies[0])
    return next(found, None) if replies else None


def _plain(name: Any, value: Any) -> dict[str, Any]:
    raw = encoder.encode(value)
    return {"oid": str(name), **ber.value(raw, ber.read_item(raw, 0, len(raw)))}
