"""What people are able and allowed to do: skills, and certificates that run out.

A skill that the policy "crews" says is certified counts only with a certificate that is valid until
the work is over; any other counts where the person's own list has it, too. "splicing:2" asks for
level 2, which only a certificate can show.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlmodel import Session, col, select

from records import Certificate, Person, history
from tasks import policies
from tasks.access.people import require
from tasks.refusals import NotFound, wrong
from tasks.sla.durations import when

Held = Mapping[int, Mapping[str, Certificate]]  # of people's ids: their certificates by skill
MOST_LEVEL = 5


class Wanted(NamedTuple):
    """A skill at a level."""

    skill: str
    level: int


class Why(NamedTuple):
    """Why somebody may not do something: in Chinese and English."""

    zh: str
    en: str


def grant(
    session: Session,
    person: Person,
    *,
    skill: str,
    level: int = 1,
    number: str = "",
    issued_at: datetime | None = None,
    expires_at: datetime | None = None,
    by: Person,
    now: datetime,
) -> Certificate:
    """Note a certificate, or that it was renewed or raised."""
    require(by, "certificates:administer")
    _check(session, skill, level, issued_at, expires_at, now)
    found = _find(session, person, skill)
    certificate = found or Certificate(person_id=person.id, skill=skill)
    was = _told(certificate) if found else None
    certificate.level, certificate.number = level, number
    certificate.issued_at, certificate.expires_at = issued_at, expires_at
    certificate.withdrawn_at = None
    session.add(certificate)
    session.flush()
    told = {"skill": skill, "was": was, "is": _told(certificate)}
    _record(session, "certificate granted", person, by.login, now, **told)
    return certificate


def withdraw(
    session: Session, person: Person, skill: str, *, reason: str, by: Person, now: datetime
) -> Certificate:
    """It counts no longer, from now on: also not for visits that are booked."""
    require(by, "certificates:administer")
    if not reason.strip():
        raise wrong("reason", "请写明原因", "Say why")
    found = _find(session, person, skill)
    if found is None:
        raise NotFound(
            f"{person.name} 没有“{skill}”证书", f"{person.login} has no certificate for “{skill}”"
        )
    found.withdrawn_at = now
    _record(session, "certificate withdrawn", person, by.login, now, skill=skill, reason=reason)
    return found


def held_by(session: Session, people: Iterable[int]) -> dict[int, dict[str, Certificate]]:
    """The certificates of these people that were not withdrawn, valid or not."""
    rows = select(Certificate).where(
        col(Certificate.person_id).in_(list(people)), col(Certificate.withdrawn_at).is_(None)
    )
    held: dict[int, dict[str, Certificate]] = {}
    for each in session.exec(rows):
        held.setdefault(each.person_id, {})[each.skill] = each
    return held


def why_not(
    rules: Mapping[str, Any], person: Person, held: Held, wanted: Wanted, until: datetime
) -> Why | None:
    """Why this person may not do it until then; None where they may."""
    name, found = name_of(rules, wanted.skill), held.get(person.id, {}).get(wanted.skill)
    if found and found.expires_at and found.expires_at < until:
        at = found.expires_at
        if not (wanted.level == 1 and _is_free(rules, person, wanted.skill)):
            return Why(
                f"{person.name} 的“{name['zh']}”证书 {when(at)} 到期,请先复审或换人",
                f"{person.login}'s certificate for {name['en']} expires on {when(at)}: have it"
                " renewed first, or send somebody else",
            )
        return None
    if found and found.level >= wanted.level:
        return None
    if wanted.level == 1 and _is_free(rules, person, wanted.skill):
        return None
    return Why(
        f"{person.name} 没有“{name['zh']}”{_level_zh(wanted)}的资质,请换人或加人",
        f"{person.login} has no {name['en']}{_level_en(wanted)}: send somebody who has",
    )


def level_of(person: Person, held: Held, skill: str) -> int:
    found = held.get(person.id, {}).get(skill)
    return found.level if found else int(skill in person.skills)


def read_wanted(text: str) -> Wanted:
    """ "splicing", "splicing:2"."""
    skill, _, level = text.partition(":")
    return Wanted(skill, int(level) if level.isdecimal() else 1)


def check_skills(rules: Mapping[str, Any], skills: Iterable[str], field: str = "skills") -> None:
    known = rules["skills"]
    for each in skills:
        skill, colon, level = each.partition(":")
        if skill not in known:
            some = ", ".join(known)
            zh = f"没有技能“{skill}”,可用:{some}(在策略 crews 里增加)"
            raise wrong(field, zh, f"No skill “{skill}”: {some} (more in the policy “crews”)")
        if colon and not (level.isdecimal() and 1 <= int(level) <= MOST_LEVEL):
            raise wrong(field, f"级别须为 1 至 {MOST_LEVEL}", f"A level is 1 to {MOST_LEVEL}")


def name_of(rules: Mapping[str, Any], skill: str) -> Mapping[str, str]:
    found: Mapping[str, str] = rules["skills"].get(skill) or {"zh": skill, "en": skill}
    return found


def _is_free(rules: Mapping[str, Any], person: Person, skill: str) -> bool:
    """No certificate is wanted, and the person says that they can."""
    is_certified = rules["skills"].get(skill, {}).get("is_certified", False)
    return not is_certified and skill in person.skills


def _find(session: Session, person: Person, skill: str) -> Certificate | None:
    mine = select(Certificate).where(Certificate.person_id == person.id, Certificate.skill == skill)
    return session.exec(mine.with_for_update()).first()


def _check(
    session: Session,
    skill: str,
    level: int,
    issued_at: datetime | None,
    expires_at: datetime | None,
    now: datetime,
) -> None:
    check_skills(policies.current(session, "crews").content, [skill], "skill")
    if not 1 <= level <= MOST_LEVEL:
        raise wrong("level", f"级别须为 1 至 {MOST_LEVEL}", f"A level is 1 to {MOST_LEVEL}")
    if issued_at and issued_at > now:
        raise wrong("issued_at", "发证日期不能晚于今天", "It cannot be issued later than now")
    if issued_at and expires_at and expires_at <= issued_at:
        raise wrong("expires_at", "到期须晚于发证", "It has to expire after it was issued")


def _told(certificate: Certificate) -> dict[str, Any]:
    at = certificate.expires_at
    return {
        "level": certificate.level,
        "number": certificate.number,
        "expires_at": at.isoformat() if at else None,
    }


def _level_zh(wanted: Wanted) -> str:
    return f"{wanted.level} 级" if wanted.level > 1 else ""


def _level_en(wanted: Wanted) -> str:
    return f" at level {wanted.level}" if wanted.level > 1 else ""


def _record(
    session: Session, verb: str, person: Person, by: str, now: datetime, **told: Any
) -> None:
    history.record(session, verb, subject=f"person:{person.login}", by=by, at=now, **told)
