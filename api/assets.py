"""JSON: vehicles and instruments."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, Field
from sqlmodel import col, select

from api.deps import Given, Turn, allow, make_router
from api.once import once
from api.paging import Asked, Page, narrow, page
from records import Asset, Team
from tasks.field import assets
from tasks.field.teams import find_team

router = make_router("assets")
SORTS = {
    "code": (col(Asset.code),),
    "name": (col(Asset.name), col(Asset.id)),
}
FILTERS = {
    "kind": col(Asset.kind),
    "type": col(Asset.type),
    "city": col(Asset.city),
    "state": col(Asset.state),
}


class AssetShown(BaseModel):
    code: str
    kind: str
    type: str
    name: str
    name_en: str
    city: str
    team: str | None
    seats: int
    state: str
    calibrated_at: datetime | None
    calibration_due_at: datetime | None


class AssetFilter(Asked):
    kind: Literal["vehicle", "instrument"] | None = None
    type: str | None = Field(None, max_length=40)
    city: str | None = Field(None, max_length=100)
    state: str | None = Field(None, max_length=40)
    team: str | None = Field(None, max_length=40)
    due_before: AwareDatetime | None = Field(None, description="Its calibration ends before")


class AssetChange(Given):
    """What is left out stays as it is."""

    name: str = Field("", max_length=100, examples=["光功率计"])
    name_en: str = Field("", max_length=100)
    city: str = Field("", max_length=100)
    seats: int = Field(0, ge=0, le=60)
    state: str = Field("in_service", description="in_service, in_repair, retired")
    team: str | None = Field(None, max_length=40)


class NewAsset(AssetChange):
    code: str = Field(max_length=100, examples=["HZ-PM-01"])
    kind: str = Field(max_length=20, examples=["instrument"])
    type: str = Field(max_length=40, examples=["power_meter"])
    name: str = Field(max_length=100)
    calibration_due_at: AwareDatetime | None = None


class CalibrationGiven(Given):
    at: AwareDatetime
    due_at: AwareDatetime


@router.get("", summary="Vehicles and instruments, filtered")
def index(
    asked: Annotated[AssetFilter, Query()], turn: Turn = allow("assets:read")
) -> Page[AssetShown]:
    rows: Any = select(Asset, Team).outerjoin(Team, col(Team.id) == col(Asset.team_id))
    rows = narrow(rows, asked, FILTERS | {"team": col(Team.key)})
    if asked.due_before:
        rows = rows.where(col(Asset.calibration_due_at) < asked.due_before)
    return page(turn.session, rows, asked, sorts=SORTS, default="code", show=_show)


@router.post("", status_code=201, summary="One more vehicle or instrument")
def create(given: NewAsset, turn: Turn = allow("assets:administer")) -> AssetShown:
    def make() -> AssetShown:
        told = given.model_dump(exclude={"team"})
        team = find_team(turn.session, given.team) if given.team else None
        asset = assets.create_asset(turn.session, **told, team=team, by=turn.person, now=turn.now)
        return _show(asset, team)

    return once(turn, make)


@router.get("/{code}", summary="One vehicle or instrument")
def show(code: str, turn: Turn = allow("assets:read")) -> AssetShown:
    return _read(turn, assets.find_asset(turn.session, code))


@router.patch("/{code}", summary="Change it; what is not in service is not booked")
def change(code: str, given: AssetChange, turn: Turn = allow("assets:administer")) -> AssetShown:
    asset = assets.find_asset(turn.session, code)
    turn.about(f"asset:{code}")
    changes = given.model_dump(exclude_unset=True, exclude={"team"})
    team = find_team(turn.session, given.team) if given.team else None
    told: dict[str, Any] = {"by": turn.person, "now": turn.now}
    assets.change_asset(turn.session, asset, changes, team=team, **told)
    return _read(turn, asset)


@router.post("/{code}/calibration", summary="It was calibrated")
def calibrate(
    code: str, given: CalibrationGiven, turn: Turn = allow("assets:administer")
) -> AssetShown:
    asset = assets.find_asset(turn.session, code)
    turn.about(f"asset:{code}")
    told: dict[str, Any] = {"by": turn.person, "now": turn.now}
    assets.calibrate(turn.session, asset, at=given.at, due_at=given.due_at, **told)
    return _read(turn, asset)


def _read(turn: Turn, asset: Asset) -> AssetShown:
    return _show(asset, turn.session.get(Team, asset.team_id) if asset.team_id else None)


def _show(asset: Asset, team: Team | None) -> AssetShown:
    told = {name: getattr(asset, name) for name in AssetShown.model_fields if name != "team"}
    return AssetShown(**told, team=team.key if team else None)
