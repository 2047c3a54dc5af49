"""JSON: policies, their versions, checking and publishing."""

from datetime import datetime
from typing import Any

from fastapi import Query
from pydantic import BaseModel, Field

from api.deps import Given, Turn, allow, make_router
from api.facts import Facts
from api.once import once
from bpmn import policies as published
from records import Policy
from records.policies import Policed
from tasks import policies
from tasks.policy_warnings import warnings_of

router = make_router("policies")


class VersionShown(BaseModel):
    key: str
    number: int = Field(description="0: as it came with Baton, and nobody has published one")
    published_at: datetime | None = None
    published_by: str = ""
    reason: str = ""


class Remark(BaseModel):
    field: str = Field(description="Where in the content", examples=["calendars.office.years"])
    zh: str
    en: str


class PolicyShown(VersionShown):
    content: dict[str, Any]
    warnings: list[Remark] = Field(description="What still works and wants to be looked after")


class Content(Given):
    content: Facts


class Publication(Content):
    reason: str = Field(min_length=1, max_length=4_000, examples=["国务院公布了 2027 年放假安排"])


class Checked(BaseModel):
    is_publishable: bool
    findings: list[Remark]


@router.get("")
def list_policies(turn: Turn = allow("policies:read")) -> list[VersionShown]:
    """Each as it counts now."""
    return [_version(turn, policies.current(turn.session, key)) for key in policies.names()]


@router.get("/{key}")
def show(
    key: str, turn: Turn = allow("policies:read"), number: int | None = Query(None, ge=0, le=10**9)
) -> PolicyShown:
    """As it counts now, or one version of it."""
    session = turn.session
    found = (
        policies.current(session, key) if number is None else policies.load(session, key, number)
    )
    told = _version(turn, found).model_dump()
    remarks = [_remark(each) for each in warnings_of(key, found.content, turn.now)]
    return PolicyShown(**told, content=dict(found.content), warnings=remarks)


@router.get("/{key}/versions")
def list_versions(key: str, turn: Turn = allow("policies:read")) -> list[VersionShown]:
    """The newest first; none where it is as it came with Baton."""
    return [_shown(each) for each in policies.versions(turn.session, key)]


@router.post("/{key}/checks")
def check(key: str, given: Content, turn: Turn = allow("policies:read", readonly=True)) -> Checked:
    """What would be said of it. Nothing is stored."""
    findings = [_remark(each) for each in published.find_wrong(turn.session, key, given.content)]
    return Checked(is_publishable=not findings, findings=findings)


@router.post("/{key}", status_code=201)
def publish(key: str, given: Publication, turn: Turn = allow("policies:publish")) -> VersionShown:
    """What counts from now on. What has begun goes on by the version that it began with."""

    def make() -> VersionShown:
        told: dict[str, Any] = {"reason": given.reason, "by": turn.person, "now": turn.now}
        return _shown(published.publish(turn.session, key, given.content, **told))

    return once(turn, make)


def _version(turn: Turn, found: Policed) -> VersionShown:
    if found.number == 0:
        return VersionShown(key=found.key, number=0)
    return _shown(policies.find(turn.session, found.key, found.number))


def _shown(policy: Policy) -> VersionShown:
    return VersionShown.model_validate(policy.model_dump(exclude={"id", "content"}))


def _remark(finding: Any) -> Remark:
    return Remark(field=finding.path, zh=finding.zh, en=finding.en)
