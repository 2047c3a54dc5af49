"""Which crew should go: near, able, free, no strangers to the place, with a vehicle and the tools;
with reasons. Shown to dispatch and planners; it books nothing.

Weights, groups and the radius are the policy "crews"; how long people travel is "distances". What
is read: crew_pool.py. For a single work order: suggestions.py.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlmodel import Session

from records import Asset, Site, Visit, VisitJob
from tasks import policies
from tasks.faults.impact import ZONE
from tasks.field import assets, certificates, distances
from tasks.field.certificates import Why, read_wanted
from tasks.field.crew_pool import Mate, Pool, read_pool
from tasks.field.distances import Way
from tasks.field.visit_jobs import Window, jobs_of
from tasks.sla.durations import in_en, in_zh

Weigh = Mapping[str, float]


@dataclass(frozen=True)
class Reason:
    """One thing that speaks for or against a crew."""

    zh: str
    en: str
    weight: float


@dataclass(frozen=True)
class Suggestion:
    """A crew that may go; the larger the score, the better."""

    people: list[str]  # logins, the lead first
    names: list[str]
    team: str  # its key; "" where the lead is in none
    vehicle: str | None  # a code
    instruments: list[str]
    travel_minutes: int
    kilometres: float | None
    lacks: list[Why]
    reasons: list[Reason]

    @property
    def score(self) -> float:
        return round(sum(reason.weight for reason in self.reasons), 1)


@dataclass(frozen=True)
class _Asked:
    """What the visit wants, and by which rules."""

    site: Site
    skills: list[str]
    tools: list[str]
    people: int
    window: Window
    rules: Mapping[str, Any]
    roads: Mapping[str, Any]

    @property
    def weights(self) -> Weigh:
        found: Weigh = self.rules["weights"]
        return found


def suggest_for(session: Session, visit: Visit, *, limit: int = 3) -> list[Suggestion]:
    """For a visit as it is; its own crew counts as free."""
    jobs = jobs_of(session, visit)
    site = session.get_one(Site, visit.site_id)
    window = Window(visit.starts_at, visit.ends_at)
    told: dict[str, Any] = {"skills": _all(jobs, "skills"), "tools": _all(jobs, "tools")}
    people = max((job.people for job in jobs), default=1)
    return suggest(session, site, window, **told, people=people, limit=limit, but_visit=visit.id)


def suggest(
    session: Session,
    site: Site,
    window: Window,
    *,
    skills: Sequence[str] = (),
    tools: Sequence[str] = (),
    people: int = 1,
    limit: int = 3,
    but_visit: int | None = None,
) -> list[Suggestion]:
    """The best crews, the best first; those that lack something say what, and come last."""
    rules = policies.current(session, "crews").content
    roads = policies.current(session, "distances").content
    certificates.check_skills(rules, skills)
    assets.check_tools(rules, tools)
    asked = _Asked(site, list(skills), list(tools), people, window, rules, roads)
    found: list[Suggestion] = []
    for city in (site.city, None):  # everybody only where nobody of the city will do
        pool = read_pool(session, rules, site, window, tools, city=city, but_visit=but_visit)
        found = _best(asked, pool, limit)
        if any(not each.lacks for each in found):
            break
    return found


def _best(asked: _Asked, pool: Pool, limit: int) -> list[Suggestion]:
    """Around each lead their best crew; of the same people only once."""
    crews: dict[frozenset[str], Suggestion] = {}
    for lead in pool.mates:
        if _is_of_use(asked, pool, lead):
            one = _around(asked, pool, lead)
            same = frozenset(one.people)
            if same not in crews or crews[same].score < one.score:
                crews[same] = one
    return sorted(crews.values(), key=lambda each: (-each.score, each.people))[:limit]


def _is_of_use(asked: _Asked, pool: Pool, mate: Mate) -> bool:
    """Free with the way there, not too far, and able to do something that is wanted."""
    way = _way(asked, mate)
    sets_out = asked.window.starts_at - timedelta(minutes=way.minutes)
    is_near = way.kilometres is None or way.kilometres <= asked.rules["radius_km"]
    is_able = not asked.skills or any(_may(asked, pool, mate, skill) for skill in asked.skills)
    return is_near and is_able and mate.is_free(sets_out, asked.window.ends_at)


def _around(asked: _Asked, pool: Pool, lead: Mate) -> Suggestion:
    crew = _fill(asked, pool, lead)
    way, weights = _way(asked, lead), asked.weights
    sets_out = asked.window.starts_at - timedelta(minutes=way.minutes)
    vehicle = _nearest(asked, lead, pool.vehicles(sets_out, asked.window.ends_at, len(crew)))
    carried = [
        (tool, _nearest(asked, lead, pool.instruments(tool, sets_out, asked.window.ends_at)))
        for tool in asked.tools
    ]
    lacks = [*_lacking(asked, pool, crew), *_unequipped(asked, vehicle, carried)]
    reasons = [
        *_of_way(way, weights),
        *_of_people(asked, pool, crew, weights),
        *_of_vehicle(lead, vehicle, weights),
        *(Reason(why.zh, why.en, weights["lacking"]) for why in lacks),
    ]
    return Suggestion(
        people=[mate.person.login for mate in crew],
        names=[mate.person.name for mate in crew],
        team=lead.team.key if lead.team else "",
        vehicle=vehicle.code if vehicle else None,
        instruments=[asset.code for _, asset in carried if asset],
        travel_minutes=way.minutes,
        kilometres=way.kilometres,
        lacks=lacks,
        reasons=reasons,
    )


def _fill(asked: _Asked, pool: Pool, lead: Mate) -> list[Mate]:
    """The lead, whoever can do what is still missing, and hands enough: own team first."""
    crew, most = [lead], asked.rules["most_people"]
    sets_out = asked.window.starts_at - timedelta(minutes=_way(asked, lead).minutes)
    others = [
        mate
        for mate in pool.mates
        if mate is not lead and mate.is_free(sets_out, asked.window.ends_at)
    ]
    others.sort(key=lambda mate: (not _same_team(lead, mate), mate.booked, mate.person.login))
    for skill in asked.skills:
        if len(crew) < most and not any(_may(asked, pool, mate, skill) for mate in crew):
            crew += [mate for mate in others if _may(asked, pool, mate, skill)][:1]
    spare = [mate for mate in others if mate not in crew]
    return crew + spare[: max(0, asked.people - len(crew))]


def _may(asked: _Asked, pool: Pool, mate: Mate, skill: str) -> bool:
    wanted, until = read_wanted(skill), asked.window.ends_at
    return certificates.why_not(asked.rules, mate.person, pool.held, wanted, until) is None


def _same_team(lead: Mate, mate: Mate) -> bool:
    return lead.team is not None and mate.team is not None and lead.team.id == mate.team.id


def _way(asked: _Asked, mate: Mate) -> Way:
    return distances.travel(asked.roads, mate.place, asked.site, asked.window.starts_at)


def _nearest(asked: _Asked, lead: Mate, found: Sequence[Asset]) -> Asset | None:
    """The team's own, else one of the city; the same each time."""
    team = lead.team.id if lead.team else None
    order = sorted(found, key=lambda each: (each.team_id != team, each.city != asked.site.city,
                                            each.seats, each.code))  # fmt: skip
    return order[0] if order else None


def _lacking(asked: _Asked, pool: Pool, crew: Sequence[Mate]) -> Iterable[Why]:
    for skill in asked.skills:
        wanted = read_wanted(skill)
        whys = [
            certificates.why_not(asked.rules, mate.person, pool.held, wanted, asked.window.ends_at)
            for mate in crew
        ]
        if all(whys):
            name = certificates.name_of(asked.rules, wanted.skill)
            yield Why(f"缺“{name['zh']}”", f"Nobody for {name['en']}")
    if len(crew) < asked.people:
        yield Why(f"缺 {asked.people - len(crew)} 人", f"{asked.people - len(crew)} too few")


def _unequipped(
    asked: _Asked, vehicle: Asset | None, carried: Sequence[tuple[str, Asset | None]]
) -> Iterable[Why]:
    if vehicle is None:
        yield Why("没有空闲的车", "No vehicle is free")
    for tool, asset in carried:
        if asset is None:
            name = asked.rules["instruments"][tool]
            zh = f"没有空闲且在校准期内的{name['zh']}"
            yield Why(zh, f"No {name['en']} is free and calibrated")


def _of_way(way: Way, weights: Weigh) -> Iterable[Reason]:
    far = f"({way.kilometres} 公里)" if way.kilometres is not None else "(不知从何处出发)"
    far_en = (
        f" ({way.kilometres} km)" if way.kilometres is not None else ", from nobody knows where"
    )
    told = way.minutes * 60
    weight = round(way.minutes * weights["travel_minute"], 1)
    yield Reason(f"路程 {in_zh(told)}{far}", f"{in_en(told)} to get there{far_en}", weight)


def _of_people(asked: _Asked, pool: Pool, crew: Sequence[Mate], weights: Weigh) -> Iterable[Reason]:
    for mate in crew:
        yield from _of_mate(asked, pool, mate, weights)
    if len(crew) > 1 and all(_same_team(crew[0], mate) for mate in crew):
        yield Reason("同一班组", "One team", weights["one_team"])


def _of_mate(asked: _Asked, pool: Pool, mate: Mate, weights: Weigh) -> Iterable[Reason]:
    name = mate.person.name
    skills = [skill for skill in asked.skills if _may(asked, pool, mate, skill)]
    if skills:
        named = [certificates.name_of(asked.rules, read_wanted(each).skill) for each in skills]
        level = sum(
            certificates.level_of(mate.person, pool.held, read_wanted(each).skill)
            for each in skills
        )
        zh, en = "、".join(each["zh"] for each in named), ", ".join(each["en"] for each in named)
        weight = level * weights["skill_level"]
        yield Reason(f"{name} 会{zh}", f"{mate.person.login} is able to do: {en}", weight)
    hours = round(mate.booked / 3_600, 1)
    zh, en = f"{name} 当天没有安排", f"{mate.person.login} is free all day"
    if hours:
        zh = f"{name} 当天已安排 {hours} 小时"
        en = f"{mate.person.login} is booked for {hours} h that day"
    yield Reason(zh, en, hours * weights["booked_hour"])
    if at := pool.visits.get(mate.person.id):
        day = f"{at.astimezone(ZONE):%Y-%m-%d}"
        weight = weights["knows_place"]
        yield Reason(f"{name} {day} 来过这里", f"{mate.person.login} was here on {day}", weight)


def _of_vehicle(lead: Mate, vehicle: Asset | None, weights: Weigh) -> Iterable[Reason]:
    if vehicle and lead.team and vehicle.team_id == lead.team.id:
        zh, en = f"本班组的车 {vehicle.code}", f"The team's own vehicle {vehicle.code}"
        yield Reason(zh, en, weights["own_vehicle"])
    elif vehicle:
        yield Reason(f"借用 {vehicle.code}", f"With {vehicle.code} of others", 0)


def _all(jobs: Sequence[VisitJob], name: str) -> list[str]:
    return sorted({each for job in jobs for each in getattr(job, name)})
