"""What the crew measured and saw in a room: all of the checklist, or nothing is kept. Called by the
services of room_inspection.bpmn, and by a door that only looks.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert
from sqlmodel import Session, col

from records import Customer, Inspection, Measurement, Visit
from tasks import policies
from tasks.inspections.checklists import Wanted, judge, wanted
from tasks.inspections.inspection_states import require, shift
from tasks.refusals import Invalid, NotAllowed

Given = Mapping[str, Any]
Facts = dict[str, Any]
Wrong = tuple[str, str, str]
SAID = {"yes_no": ("yes", "no")}


@dataclass(frozen=True)
class Measured:
    """One line of the checklist, filled in."""

    one: Wanted
    value: float | None
    said: str
    verdict: str


def take(
    session: Session, inspection: Inspection, given: Given, *, by: str, now: datetime
) -> Facts:
    """Keep what was measured; what of it is not as it should be is told as observations, for the
    table finding_grade. Taken again before the customer has signed, it takes the place of the
    first."""
    require("take", inspection)
    _require_there(session, inspection)
    lines = check(session, inspection, given)
    _keep(session, inspection, lines, now)
    inspection.checklist = policies.current(session, "checklists").number
    inspection.inspected_at, inspection.inspected_by = now, by
    inspection.remarks = {key: given[key] for key in ("note", "photos", "needs") if given.get(key)}
    bad = [line for line in lines if line.verdict != "good"]
    told = {"measured": len(lines), "wrong": len(bad)}
    shift(session, "inspected", inspection, "inspected", by, now, **told)
    grade = session.get_one(Customer, inspection.customer_id).grade
    seen = [*map(_observe, bad), *_seen(given), *_wants(given)]
    return {"observations": [each | {"grade": grade} for each in seen]}


def check(session: Session, inspection: Inspection, given: Given) -> list[Measured]:
    """Every line of the checklist, or what is missing or wrong, all of it."""
    lines = {one.key: (f"measured.{n}", one) for n, one in enumerate(wanted(session, inspection))}
    told: dict[tuple[str, str], tuple[str, Given]] = {}
    problems: list[Wrong] = []
    for n, each in enumerate(given.get("measured", [])):
        key = each["item"], each.get("object", "")
        if key not in lines or key in told:
            problems.append(_stray(f"measured.{n}.item", key, key in told))
        told[key] = f"measured.{n}", each
    for key, (_, one) in lines.items():
        path, line = told.get(key, ("measured", {}))
        problems += _wrong(path, one, line)
    if problems:
        fields = [{"field": field, "zh": zh, "en": en} for field, zh, en in problems]
        raise Invalid(problems[0][1], problems[0][2], fields=fields)
    return [_fill_in(one, told[key][1]) for key, (_, one) in lines.items()]


def _fill_in(one: Wanted, line: Given) -> Measured:
    is_number = one.rule["kind"] == "number"
    value = float(line["value"]) if is_number else None
    said = "" if is_number else str(line["said"]).strip()
    return Measured(one, value, said, judge(one, value, said))


def _wrong(path: str, one: Wanted, line: Given) -> Iterator[Wrong]:
    zh, en = (f"{one.rule[name]} {one.object}".strip() for name in ("zh", "en"))
    kind, value, said = one.rule["kind"], line.get("value"), str(line.get("said") or "").strip()
    if kind == "number" and (not isinstance(value, int | float) or isinstance(value, bool)):
        yield f"{path}.value", f"“{zh}”没有测量值,请补测", f"“{en}” was not measured: measure it"
    elif kind == "number" and abs(value or 0) > 1_000_000:
        yield f"{path}.value", f"“{zh}”的值不对,请核对", f"“{en}” cannot be that: look again"
    elif kind != "number" and not said:
        yield f"{path}.said", f"“{zh}”没有填,请补填", f"“{en}” was not looked at: say how it is"
    elif said and said not in SAID.get(kind, (said,)):
        yield f"{path}.said", f"“{zh}”应填 yes 或 no", f"“{en}” is yes or no"


def _stray(path: str, key: tuple[str, str], is_twice: bool) -> Wrong:
    name = " ".join(key).strip()
    if is_twice:
        return path, f"“{name}”填了两次,请删去一次", f"“{name}” is there twice: take one away"
    zh = f"检查表里没有“{name}”,请按检查表填写"
    return path, zh, f"“{name}” is not on the checklist: fill in what is"


def _require_there(session: Session, inspection: Inspection) -> None:
    """Whoever starts a visit has every instrument with them, and in calibration."""
    visit = session.get(Visit, inspection.visit_id) if inspection.visit_id else None
    if visit is None or visit.state not in ("on_site", "finished"):
        raise NotAllowed(
            "还没有登记到场,请先在上门里登记到场",
            "Nobody has said that they are there: start the visit first",
        )


def _keep(session: Session, row: Inspection, lines: Sequence[Measured], now: datetime) -> None:
    session.execute(delete(Measurement).where(col(Measurement.inspection_id) == row.id))
    rows = [
        {"inspection_id": row.id, "site_id": row.site_id, "measured_at": now}
        | {"item": line.one.item, "object": line.one.object, "value": line.value}
        | {"said": line.said, "unit": line.one.rule.get("unit", ""), "last": line.one.last}
        | {"recorded": line.one.recorded or _text(line.one.first), "verdict": line.verdict}
        for line in lines
    ]
    session.execute(insert(Measurement), rows)


def _observe(line: Measured) -> Facts:
    one, told = line.one, line.said
    if line.value is not None:
        told = f"{line.value:g} {one.rule['unit']}"
    what = f"{one.rule['zh']}: {told} / {one.rule['en']}: {told}"
    found = {"item": one.item, "object": one.object, "what": what, "nature": one.rule["nature"]}
    return found | {"verdict": line.verdict, "recorded": one.recorded, "found": told}


def _seen(given: Given) -> Iterator[Facts]:
    """What is on no checklist."""
    for each in given.get("seen", []):
        verdict = "bad" if each.get("is_urgent") else "worse"
        told = {"item": "seen", "object": each.get("object", ""), "what": each["what"]}
        yield told | {"nature": each["nature"], "verdict": verdict, "found": each["what"]}


def _wants(given: Given) -> Iterator[Facts]:
    for each in given.get("needs", []):
        told = {"item": "need", "object": "", "what": each["what"], "nature": "need"}
        yield told | {"verdict": "worse", "wanted_by": each.get("wanted_by", "")}


def _text(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
