"""The policy "alarms", as those use it who work by it: how long each cause is held off, what
flaps, when a clear is for good, what belongs together and at which layer. Source of what is
shipped: domain.md §2.11. What it must be: alarm_checks.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from weakref import WeakKeyDictionary

from sqlalchemy import Engine
from sqlmodel import Session

from records.policies import Policed
from tasks import policies

GAP_SECONDS = 900  # of policies that were published before there was such a limit
UNKNOWN_TICKETS = 20
RESYNC = {"first_seconds": 60, "longest_seconds": 3_600}  # likewise
_LAST: "WeakKeyDictionary[Engine, Policed]" = WeakKeyDictionary()


@dataclass(frozen=True)
class Rules:
    hold_offs: Mapping[str, timedelta]  # by cause
    default_hold_off: timedelta
    flaps: int  # so many raises of one alarm …
    flap_window: timedelta  # … within this are flapping; so long without one, and it is over
    stable: timedelta  # clear for so long is clear for good
    unknown_tickets: int  # of one source, about objects that inventory lacks; then they share one
    gap: timedelta  # what a source never sent, and is missing for so long, is a ticket
    ask_again: timedelta  # a source that told nothing, the first time …
    ask_rarely: timedelta  # … and at the longest: each pause is twice as long as the one before
    settle: timedelta  # how long to listen after a start, before anything is acted on
    window: timedelta  # what follows within this belongs to the group …
    longest: timedelta  # … until this long after its first
    layers: Mapping[str, int]  # cause: 1, nearest to the root, and up
    default_layer: int
    consequences: frozenset[str]  # causes that are never a root
    shelf: timedelta  # how long one may be shelved at most
    work: timedelta  # how long a window of planned work is at most
    work_notice: timedelta  # what begins sooner has to say why

    def hold_off(self, cause: str) -> timedelta:
        return self.hold_offs.get(cause, self.default_hold_off)

    def pause_before_asking(self, failures: int) -> timedelta:
        """A source that told nothing, and before that so many times already."""
        return min(self.ask_again * (1 << min(failures, 20)), self.ask_rarely)

    def layer(self, cause: str) -> int:
        return self.layers.get(cause, self.default_layer)


def current(session: Session) -> Rules:
    """Those that count now."""
    policed = policies.current(session, "alarms")
    _LAST[session.connection().engine] = policed
    return read(policed)


def last_known(session: Session) -> tuple[int, Rules] | None:
    """Those that counted when this process looked for the last time, and their number."""
    policed = _LAST.get(session.connection().engine)
    return (policed.number, read(policed)) if policed else None


@lru_cache(maxsize=16)
def read(policed: Policed) -> Rules:
    told = policed.content
    layers = {layer["key"]: number for number, layer in enumerate(told["layers"], 1)}
    return Rules(
        hold_offs={cause: _seconds(given) for cause, given in told["hold_off"]["causes"].items()},
        default_hold_off=_seconds(told["hold_off"]["default"]),
        flaps=told["flapping"]["times"],
        flap_window=_seconds(told["flapping"]["seconds"]),
        stable=_seconds(told["stable_seconds"]),
        unknown_tickets=told.get("unknown_tickets", UNKNOWN_TICKETS),
        gap=_seconds(told.get("gap_seconds", GAP_SECONDS)),
        ask_again=_seconds(told.get("resync", RESYNC)["first_seconds"]),
        ask_rarely=_seconds(told.get("resync", RESYNC)["longest_seconds"]),
        settle=_seconds(told["settle_seconds"]),
        window=_seconds(told["window"]["seconds"]),
        longest=_seconds(told["window"]["longest_seconds"]),
        layers={
            cause: layers[layer["key"]] for layer in told["layers"] for cause in layer["causes"]
        },
        default_layer=layers[told["default_layer"]],
        consequences=frozenset(told["consequences"]),
        shelf=timedelta(hours=told["shelf_hours"]),
        work=timedelta(hours=told["planned_work"]["longest_hours"]),
        work_notice=timedelta(hours=told["planned_work"]["notice_hours"]),
    )


def _seconds(given: float) -> timedelta:
    return timedelta(seconds=given)
