"""Vehicles and instruments: how they come, are calibrated, and leave. Booking them: bookings.py.

Which types there are, and which of them have to be calibrated, is the policy "crews".
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, select

from records import Asset, Person, Team, history
from records.assets import KINDS
from tasks import policies
from tasks.access.people import require
from tasks.field.certificates import Why
from tasks.refusals import Conflict, NotFound, wrong
from tasks.sla.durations import when

STATES = {
    "in_service": ("在用", "in service"),
    "in_repair": ("送修", "in repair"),
    "retired": ("报废", "retired"),
}
MAY_CHANGE = ("name", "name_en", "city", "seats", "state")


def find_asset(session: Session, code: str) -> Asset:
    asset = session.exec(select(Asset).where(Asset.code == code)).first()
    if asset is None:
        raise NotFound(f"没有“{code}”这件车辆或仪表", f"There is no vehicle or instrument “{code}”")
    return asset


def create_asset(
    session: Session,
    *,
    code: str,
    kind: str,
    type: str,
    name: str,
    team: Team | None = None,
    calibration_due_at: datetime | None = None,
    by: Person,
    now: datetime,
    **more: Any,
) -> Asset:
    """`more` as in MAY_CHANGE."""
    require(by, "assets:administer")
    _check_kind(policies.current(session, "crews").content, kind, type)
    if not code.strip():
        raise wrong("code", "请填编号", "Give it a code")
    if session.exec(select(Asset).where(Asset.code == code)).first():
        raise Conflict(f"编号“{code}”已经有了", f"The code “{code}” is taken")
    told = {"name": name, **more}
    _check(told)
    asset = Asset(code=code, kind=kind, type=type, calibration_due_at=calibration_due_at, **told)
    asset.team_id = team.id if team else None
    asset.city = asset.city or (team.city if team else "")
    session.add(asset)
    session.flush()
    _record(session, "created", asset, by, now, kind=kind, type=type, **told)
    return asset


def change_asset(
    session: Session,
    asset: Asset,
    changes: Mapping[str, Any],
    *,
    by: Person,
    now: datetime,
    team: Team | None = None,
) -> None:
    """What is in MAY_CHANGE, and the team that has it. What is not in service is not booked."""
    require(by, "assets:administer")
    _check(changes)
    was = {key: getattr(asset, key) for key in changes if getattr(asset, key) != changes[key]}
    for key in was:
        setattr(asset, key, changes[key])
    told = {"was": was, "is": {key: changes[key] for key in was}}
    if team and asset.team_id != team.id:
        asset.team_id = team.id
        told["is"]["team"] = team.key
    if told["is"]:
        _record(session, "changed", asset, by, now, **told)


def calibrate(
    session: Session, asset: Asset, *, at: datetime, due_at: datetime, by: Person, now: datetime
) -> None:
    """It was calibrated `at`, and has to be again by `due_at`."""
    require(by, "assets:administer")
    if at > now:
        raise wrong("at", "校准日期不能晚于今天", "It cannot be calibrated later than now")
    if due_at <= at:
        raise wrong("due_at", "下次校准须晚于本次", "The next one has to be after this one")
    was = asset.calibration_due_at
    asset.calibrated_at, asset.calibration_due_at = at, due_at
    told = {"calibrated_at": at.isoformat(), "due_at": due_at.isoformat()}
    _record(session, "calibrated", asset, by, now, was=was.isoformat() if was else None, **told)


def why_not(rules: Mapping[str, Any], asset: Asset, until: datetime) -> Why | None:
    """Why it cannot be used until then; None where it can."""
    if asset.state != "in_service":
        zh, en = STATES[asset.state]
        return Why(
            f"{asset.name}({asset.code})现在是“{zh}”,请换一件",
            f"{asset.code} is {en}: take another one",
        )
    due = asset.calibration_due_at
    is_calibrated = rules["instruments"].get(asset.type, {}).get("is_calibrated", False)
    if asset.kind != "instrument" or not is_calibrated or (due and due >= until):
        return None
    if due is None:
        return Why(
            f"{asset.name}({asset.code})没有校准记录,请先校准或换一件",
            f"{asset.code} was never calibrated: have it calibrated, or take another one",
        )
    return Why(
        f"{asset.name}({asset.code})的校准 {when(due)} 到期,请先校准或换一件",
        f"The calibration of {asset.code} ends on {when(due)}: have it calibrated, or take another",
    )


def check_tools(rules: Mapping[str, Any], tools: Any, field: str = "tools") -> None:
    for tool in tools:
        if tool not in rules["instruments"]:
            some = ", ".join(rules["instruments"])
            zh = f"没有仪表类型“{tool}”,可用:{some}(在策略 crews 里增加)"
            en = f"No instrument “{tool}”: {some} (more in the policy “crews”)"
            raise wrong(field, zh, en)


def _check_kind(rules: Mapping[str, Any], kind: str, type: str) -> None:
    if kind not in KINDS:
        raise wrong("kind", "应为 vehicle 或 instrument", "This is vehicle or instrument")
    known = rules["vehicles" if kind == "vehicle" else "instruments"]
    if type not in known:
        some = ", ".join(known)
        raise wrong("type", f"没有类型“{type}”,可用:{some}", f"No type “{type}”: there are {some}")


def _check(told: Mapping[str, Any]) -> None:
    if unknown := set(told) - set(MAY_CHANGE):
        raise wrong(min(unknown), "这一项不能这样改", "This cannot be changed in this way")
    if not str(told.get("name", "x")).strip():
        raise wrong("name", "请填名称", "Give it a name")
    if told.get("state", "in_service") not in STATES:
        some = ", ".join(STATES)
        raise wrong("state", f"状态应为 {some} 之一", f"A state is one of {some}")


def _record(
    session: Session, verb: str, asset: Asset, by: Person, now: datetime, **told: Any
) -> None:
    history.record(session, verb, subject=f"asset:{asset.code}", by=by.login, at=now, **told)
