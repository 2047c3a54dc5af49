"""Who is told by which channel, and when: the policy “notices”, and the owner's “words”.

Read by notices.py. An owner publishes both with tasks/policies.py, which asks `check_notices` and
words.check_words first. Before that, notices.json and words/ count as they are shipped.

staff, customer: for “usual” and “urgent” notices, `ways` are all used; each way lists channels, and
the next one has its turn where one cannot, or not within `patience_minutes`. `quiet`: the hours
in which what is not urgent waits, but for the inbox. `groups`: the robots that hear a template.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from notifications.channels import CHANNELS
from notifications.refusals import Finding
from notifications.words import TEMPLATES, Own
from records import policies

KINDS = ("staff", "customer")
URGENCIES = ("usual", "urgent")
Content = Mapping[str, Any]


@dataclass(frozen=True)
class Rules:
    """What counts now."""

    notices: Content
    words: Own

    def ways(self, kind: str, is_urgent: bool, own: list[str]) -> list[list[str]]:
        """Chains of channels. One's own channels come first, and the inbox stays for staff."""
        shipped = [list(way) for way in self._for(kind, is_urgent)["ways"]]
        if not own:
            return shipped
        inside = [way for way in shipped if way == ["inbox"]]
        others = [channel for way in shipped if way != ["inbox"] for channel in way]
        return [*inside, [*own, *(one for one in others if one not in own)]]

    def patience(self, kind: str, is_urgent: bool) -> timedelta:
        """How long a channel with another one behind it may take."""
        told = self._for(kind, is_urgent)
        return timedelta(minutes=told.get("patience_minutes", told["keep_hours"] * 60))

    def keeps(self, kind: str, is_urgent: bool) -> timedelta:
        """How long the last channel is tried."""
        return timedelta(hours=self._for(kind, is_urgent)["keep_hours"])

    def may_go(self, kind: str, is_urgent: bool, now: datetime) -> datetime:
        """Now, or where these are quiet hours and it can wait, their end."""
        quiet = self.notices[kind].get("quiet")
        return now if is_urgent or not quiet else end_of_quiet(quiet, now)

    def robots(self, template: str) -> list[str]:
        return list(self.notices.get("groups", {}).get(template, []))

    def _for(self, kind: str, is_urgent: bool) -> Content:
        found: Content = self.notices[kind]["urgent" if is_urgent else "usual"]
        return found


def read_rules(session: Session) -> Rules:
    """Read once in a transaction: a rung may tell a dozen people."""
    transaction, rules = session.info.get("notice_rules", (None, None))
    if rules is None or transaction is not session.get_transaction():
        rules = _read(session)
        session.info["notice_rules"] = (session.get_transaction(), rules)
    return rules  # type: ignore[no-any-return]


def _read(session: Session) -> Rules:
    newest = policies.newest(session, "notices", "words")
    found = {key: policies.load(session, key, number) for key, number in newest.items()}
    contents = {key: policed.content for key, policed in found.items() if policed}
    return Rules(contents.get("notices") or shipped(), contents.get("words") or {})


@cache
def shipped() -> Content:
    found: Content = json.loads((Path(__file__).parent / "notices.json").read_text("utf-8"))
    return found


def end_of_quiet(quiet: Mapping[str, str], now: datetime) -> datetime:
    """`now` where it is not quiet; else when quiet ends. The hours may reach over midnight."""
    zone = ZoneInfo(quiet["zone"])
    here, begin, end = now.astimezone(zone), _hour(quiet["from"]), _hour(quiet["to"])
    at = here.time()
    is_quiet = begin <= at < end if begin <= end else at >= begin or at < end
    if not is_quiet:
        return now
    day = here.date() + timedelta(days=1 if begin > end and at >= begin else 0)
    return datetime.combine(day, end, zone).astimezone(now.tzinfo)


def check_notices(content: Any) -> list[Finding]:
    """What is wrong with the policy “notices”, place by place."""
    if not isinstance(content, Mapping):
        return [Finding("", "须为 JSON 对象", "has to be a JSON object")]
    some = ", ".join(known := (*KINDS, "groups"))
    found = [
        Finding(name, f"没有这一项,可用:{some}", f"is not known here: there are {some}")
        for name in sorted(set(content) - set(known))
    ]
    for kind in KINDS:
        found += _check_kind(kind, content.get(kind))
    return [*found, *_check_groups(content.get("groups", {}))]


def _check_kind(kind: str, told: Any) -> Iterator[Finding]:
    if not isinstance(told, Mapping):
        yield Finding(kind, "必填", "is required")
        return
    for urgency in URGENCIES:
        yield from _check_urgency(f"{kind}.{urgency}", told.get(urgency))
    quiet = told.get("quiet")
    if quiet and not _is_quiet(quiet):
        yield Finding(
            f"{kind}.quiet",
            "须为 {“from”: “22:00”, “to”: “07:00”, “zone”: “Asia/Shanghai”},首尾不能相同",
            "has to be {“from”: “22:00”, “to”: “07:00”, “zone”: “Asia/Shanghai”}, not all day",
        )


def _check_urgency(path: str, told: Any) -> Iterator[Finding]:
    ways = told.get("ways") if isinstance(told, Mapping) else None
    if not isinstance(ways, list) or not ways or not all(isinstance(w, list) and w for w in ways):
        yield Finding(
            f"{path}.ways", "须至少有一路,每路至少一个渠道", "needs a way, and each a channel"
        )
        return
    for channel in sorted({str(channel) for way in ways for channel in way}):
        if not is_channel(channel):
            known = ", ".join(CHANNELS)
            yield Finding(
                f"{path}.ways",
                f"没有渠道 {channel},可用:{known}",
                f"no channel {channel}: there are {known}",
            )
    for name in ("keep_hours", "patience_minutes"):
        number = told.get(name, None if name == "keep_hours" else 1)
        if (
            isinstance(number, bool)
            or not isinstance(number, int | float)
            or not 0 < number <= 10_000
        ):
            yield Finding(f"{path}.{name}", "须为大于 0 的数", "has to be a number above 0")


def _check_groups(told: Any) -> Iterator[Finding]:
    if not isinstance(told, Mapping):
        yield Finding("groups", "须为 JSON 对象", "has to be a JSON object")
        return
    for template, robots in told.items():
        if template not in TEMPLATES:
            some = ", ".join(TEMPLATES)
            yield Finding(
                f"groups.{template}",
                f"没有这个模板,可用:{some}",
                f"is no template: there are {some}",
            )
        if not isinstance(robots, list) or not all(isinstance(robot, str) for robot in robots):
            yield Finding(f"groups.{template}", "须为机器人名单", "has to list names of robots")


def is_channel(name: str) -> bool:
    """Of one person: “sms”; “webhook:nms” names its end."""
    channel, _, end = name.partition(":")
    return channel in CHANNELS and bool(end) is not bool(CHANNELS[channel].address)


def _is_quiet(told: Any) -> bool:
    try:
        ZoneInfo(told["zone"])
        hours = {_hour(told["from"]), _hour(told["to"])}
        return len(hours) == 2 and not any(hour.tzinfo for hour in hours)
    except (KeyError, TypeError, ValueError, OSError):
        return False


def _hour(text: str) -> time:
    return time.fromisoformat(text)
