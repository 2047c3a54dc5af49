"""What is looked at in a room, beside what inventory says and what it was the last time; and what
of it is not as it should be. Called by results.py, the doors and the report.

Items and limits are the policy "checklists".
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from records import Circuit, Contact, Device, Hop, Inspection, Measurement
from tasks import policies

MOST_OBJECTS = 40  # of one item
SAME = ("same", "一致", "yes")  # said of a text: it is as recorded
Rules = Mapping[str, Any]


@dataclass(frozen=True)
class Wanted:
    """One thing to look at."""

    item: str
    object: str  # "" where there is one only
    rule: Rules
    recorded: str
    first: float | None  # the first time that it was measured
    last: float | None

    @property
    def key(self) -> tuple[str, str]:
        return self.item, self.object


def wanted(session: Session, inspection: Inspection) -> list[Wanted]:
    """By the checklist of the room: of the version that counts now, or that it was measured by."""
    rules = rules_of(session, inspection)
    room = rules["rooms"].get(inspection.room) or next(iter(rules["rooms"].values()))
    objects, before = _objects(session, inspection), _before(session, inspection)
    return [
        Wanted(item, object, rules["items"][item], recorded, *before.get((item, object), _NEVER))
        for item in room["items"]
        for object, recorded in _of_item(rules["items"][item], objects)
    ]


def rules_of(session: Session, inspection: Inspection) -> Rules:
    if inspection.checklist is not None:
        return policies.load(session, "checklists", inspection.checklist).content
    return policies.current(session, "checklists").content


def room_for(rules: Rules, circuits: int) -> str:
    """The type of a room where a customer has so many circuits."""
    rooms: Rules = rules["rooms"]
    fit = [(int(room["least_circuits"]), key) for key, room in rooms.items()]
    return max(each for each in fit if each[0] <= circuits)[1]


def judge(one: Wanted, value: float | None, said: str) -> str:
    """ "good", "worse" (outside of what is good, or changed too much), "bad", or "wrong" (not as
    recorded)."""
    rule = one.rule
    if rule["kind"] == "number":
        return _judge_number(one, 0.0 if value is None else value)
    elif rule["kind"] == "yes_no":
        return "good" if said == "yes" else "bad" if rule["nature"] == "danger" else "worse"
    else:
        is_same = said.casefold() in (*SAME, one.recorded.casefold())
        return "good" if is_same else "wrong"


def _judge_number(one: Wanted, value: float) -> str:
    least, most = one.rule["bad"]
    lowest, highest = one.rule["good"]
    change = one.rule.get("most_change")
    marks = [mark for mark in (one.first, one.last) if mark is not None]
    if not least <= value <= most:
        return "bad"
    elif not lowest <= value <= highest:
        return "worse"
    is_changed = change is not None and any(abs(value - mark) > change for mark in marks)
    return "worse" if is_changed else "good"


def _of_item(rule: Rules, objects: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    if "each" in rule:
        yield from objects[rule["each"]].items() or [("", "")]
    else:
        yield "", objects[rule["compare"]].get("", "") if "compare" in rule else ""


def _objects(session: Session, inspection: Inspection) -> dict[str, dict[str, str]]:
    """Ports, devices and contacts that the customer has there, each with what is recorded."""
    hops = session.execute(
        select(col(Device.code), col(Device.vendor), col(Device.kind), col(Hop.port))
        .join(Hop, col(Hop.device_id) == col(Device.id))
        .join(Circuit, col(Circuit.id) == col(Hop.circuit_id))
        .where(col(Circuit.customer_id) == inspection.customer_id)
        .where(col(Device.site_id) == inspection.site_id)
        .order_by(col(Device.code), col(Hop.port))
    ).all()
    ports = {f"{code}/{port}" if port else code: "" for code, *_, port in hops}
    devices = {code: f"{vendor} {kind} {code}".strip() for code, vendor, kind, _ in hops}
    people = session.execute(
        select(col(Contact.name), col(Contact.phone))
        .where(col(Contact.customer_id) == inspection.customer_id)
        .order_by(col(Contact.id))
    )
    contacts = "; ".join(f"{name} {phone}".strip() for name, phone in people)
    return {
        "port": dict(list(ports.items())[:MOST_OBJECTS]),
        "device": dict(list(devices.items())[:MOST_OBJECTS]),
        "contacts": {"": contacts},
    }


_NEVER: tuple[float | None, float | None] = (None, None)


def _before(
    session: Session, inspection: Inspection
) -> dict[tuple[str, str], tuple[float | None, float | None]]:
    """The first and the last value of each, of other inspections of that room."""
    mine = (col(Measurement.site_id) == inspection.site_id) & (
        col(Measurement.inspection_id) != inspection.id
    )
    key = col(Measurement.item), col(Measurement.object)
    edges = (
        select(func.min(Measurement.id), func.max(Measurement.id))
        .where(mine, col(Measurement.value).is_not(None))
        .group_by(*key)
    )
    pairs = session.execute(edges).all()
    ids = {id for pair in pairs for id in pair}
    rows = select(col(Measurement.id), *key, col(Measurement.value)).where(
        col(Measurement.id).in_(ids)
    )
    found = {row.id: row for row in session.execute(rows)} if ids else {}
    return {(found[a].item, found[a].object): (found[a].value, found[b].value) for a, b in pairs}
