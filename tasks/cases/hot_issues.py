"""Hot issues: a theme that many cases have, from amber to its end.

(theme) ──half the threshold──▶ amber ──threshold──▶ red ──settle──▶ settled
                                  └───────── quiet for long ──────────┴──▶ over

Red proposes the emergency plan; who has it activated or declined says so here. How themes are
found: themes.py. What its cases are told: bpmn/hot_issues.py.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from records import Article, Case, FaqPush, HotIssue, Person, PlanRun, history
from tasks import policies
from tasks.access.people import require
from tasks.cases import case_policy, hot_news, themes
from tasks.cases.themes import Heat, Said, Theme
from tasks.faults.tickets import require_reason
from tasks.learning import faq_pushes
from tasks.refusals import NotAllowed, NotFound
from tasks.texts import check_texts, require_words

BY = "hot issues"  # whose doing it is, in history
OPEN = ("amber", "red", "settled")
STATES = {
    "amber": ("预警", "amber"),
    "red": ("热点", "red"),
    "settled": ("已有答复口径", "settled"),
    "over": ("已平息", "over"),
}
TRIGGER = "hot_issue"  # of its FAQ pushes
SAMPLE = 10  # cases to look at
MOST = 100_000  # cases that are looked at, the newest


def look(session: Session, *, now: datetime) -> list[tuple[Theme, Heat]]:
    """What is amber or red among the cases of late. Changes nothing."""
    rules = rules_of(session)
    days = timedelta(days=rules["days_before"], hours=rules["window_hours"])
    channels = case_policy.content(session)["channels"]
    press = {key for key, told in channels.items() if told["is_press"]}
    names = (Case.id, Case.words, Case.channel, Case.opened_at, Case.hot_issue_id)
    late = select(*names).where(col(Case.opened_at) > now - days)  # type: ignore[call-overload]
    over = select(HotIssue.id).where(HotIssue.state == "over")
    is_new = col(Case.hot_issue_id).is_(None) | col(Case.hot_issue_id).not_in(over)
    rows = session.execute(late.where(is_new).order_by(col(Case.id).desc()).limit(MOST))
    said = [Said(id, words, channel in press, at, hot) for id, words, channel, at, hot in rows]
    told = [(theme, themes.heat_of(theme, rules)) for theme in themes.find(said, now, rules)]
    return [(theme, heat) for theme, heat in told if heat.state or _issue_of(theme)]


def take(session: Session, theme: Theme, heat: Heat, *, now: datetime) -> HotIssue | None:
    """Note what was seen: a new hot issue, or how the one that is there goes on."""
    issue = _find_open(session, theme)
    if issue is None and heat.state:
        issue = _begin(session, theme, heat, now)
    if issue is None:
        return None
    _count(session, issue, theme, now)
    if heat.state == "red" and issue.state == "amber":
        _turn_red(session, issue, heat, now)
    return issue


def look_at_once(session: Session, case: Case, *, now: datetime) -> None:
    """A case from the media or a regulator does not wait for the next turn."""
    if case_policy.is_press(session, case.channel):
        session.flush()
        for theme, heat in look(session, now=now):
            if any(said.id == case.id for said in theme.cases):
                take(session, theme, heat, now=now)


def recognise(session: Session, case: Case) -> None:
    """Of which open one a new case is, where an owner has named its theme: before it is counted."""
    named = rules_of(session)["themes"]
    rows = select(HotIssue.id, HotIssue.theme).where(col(HotIssue.open_key).in_(named))
    for id, theme in session.exec(rows.order_by(col(HotIssue.id))):
        if themes.fits(case.words, named[theme]["all"]):
            case.hot_issue_id = id


def quiet(session: Session, *, now: datetime) -> list[int]:
    """Those that nothing was heard of for long."""
    since = now - timedelta(hours=rules_of(session)["quiet_hours"])
    rows = select(HotIssue.id).where(col(HotIssue.open_key).is_not(None))
    return list(session.exec(rows.where(col(HotIssue.counted_at) <= since)))


def end_quiet(session: Session, id: int, *, now: datetime) -> bool:
    issue = find(session, id, locked=True)
    if issue.state not in OPEN:
        return False
    _end(session, issue, BY, "nothing was heard of it", now)
    return True


def settle(
    session: Session, issue: HotIssue, words: str, *, by: Person, now: datetime
) -> Sequence[Case]:
    """There is one answer to all of it; the open cases that are to be told so."""
    require(by, "hot-issues:steer")
    _require(issue, {"amber", "red"})
    require_words({"words": words}, "words")
    check_texts({"words": words}, {"words": 10_000})
    issue.answer, issue.state, issue.settled_at = words, "settled", now
    record(session, "hot issue settled", issue, by.login, now, words=words)
    mine = select(Case).where(col(Case.hot_issue_id) == issue.id)
    waiting = mine.where(col(Case.state).in_(("new", "consulting")))
    return session.exec(waiting.order_by(col(Case.id))).all()


def push(
    session: Session, issue: HotIssue, article: Article, *, note: str, by: Person, now: datetime
) -> FaqPush:
    """Tell everybody who answers customers what to say, and open its script on cases like it."""
    require(by, "hot-issues:steer")
    _require(issue, set(OPEN))
    rules = rules_of(session)
    row = faq_pushes.push(
        session, article, trigger=TRIGGER, note=note, groups=rules["readers"],
        words=issue.words[:20], by=by, now=now,
    )  # fmt: skip
    issue.push_id, issue.article_id = row.id, article.id
    record(session, "faq pushed", issue, by.login, now, push=row.id, article=article.id)
    return row


def decide_plan(
    session: Session,
    issue: HotIssue,
    state: str,
    *,
    ref: str = "",
    reason: str = "",
    by: Person,
    now: datetime,
) -> None:
    """By hand, where no run of the plan waits for its commander."""
    require(by, "hot-issues:steer")
    mine = (PlanRun.subject == f"hot issue:{issue.id}", PlanRun.state == "proposed")
    if run := session.exec(select(PlanRun.id).where(*mine)).first():
        raise NotAllowed(
            f"预案执行 {run} 正等指挥确认,请到那里确认或谢绝",
            f"Plan run {run} waits for its commander: confirm or decline it there",
            plan_run=run,
        )
    note_plan(session, issue, state, ref=ref, reason=reason, by=by.login, now=now)


def note_plan(
    session: Session,
    issue: HotIssue,
    state: str,
    *,
    ref: str = "",
    reason: str = "",
    by: str,
    now: datetime,
) -> None:
    """What became of the plan that was proposed: "activated" as `ref", or "declined" and why."""
    if issue.plan_state != "proposed":
        raise NotAllowed(
            "没有待定的预案建议,请刷新后再看", "No plan is proposed for it: reload to see"
        )
    if state == "declined":
        require_reason(reason)
    issue.plan_state, issue.plan_ref, issue.plan_by = state, ref, by
    verb = {"activated": "plan activated", "declined": "plan declined"}[state]
    record(session, verb, issue, by, now, plan=issue.plan, ref=ref, reason=reason)


def proposed(session: Session) -> list[HotIssue]:
    """Red ones whose plan nobody has decided on, the oldest first. For whoever runs plans."""
    rows = select(HotIssue).where(HotIssue.plan_state == "proposed", HotIssue.state == "red")
    return list(session.exec(rows.order_by(col(HotIssue.red_at), col(HotIssue.id))))


def end(session: Session, issue: HotIssue, *, reason: str, by: Person, now: datetime) -> None:
    require(by, "hot-issues:steer")
    _require(issue, set(OPEN))
    require_reason(reason)
    _end(session, issue, by.login, reason, now)


def find(session: Session, id: int, *, locked: bool = False) -> HotIssue:
    issue = session.get(HotIssue, id, with_for_update=True if locked else None)
    if issue is None:
        raise NotFound(f"没有编号为 {id} 的热点问题", f"There is no hot issue {id}")
    return issue


def rules_of(session: Session) -> Any:
    return policies.current(session, "hot_issues").content


def record(
    session: Session, verb: str, issue: HotIssue, by: str, now: datetime, **told: Any
) -> None:
    history.record(session, verb, subject=f"hot issue:{issue.id}", by=by, at=now, also=told)


def _find_open(session: Session, theme: Theme) -> HotIssue | None:
    """By its theme; a found one by the cases that are of it already."""
    same = select(HotIssue).where(HotIssue.open_key == theme.key).with_for_update()
    if issue := session.exec(same).first():
        return issue
    known = _issue_of(theme)
    issue = session.get(HotIssue, known, with_for_update=True) if known else None
    return issue if issue and issue.open_key else None


def _issue_of(theme: Theme) -> int | None:
    of = [case.issue for case in theme.cases if case.issue]
    return max(set(of), key=of.count) if of else None


def _begin(session: Session, theme: Theme, heat: Heat, now: datetime) -> HotIssue:
    issue = HotIssue(
        open_key=theme.key, theme=theme.key, title=theme.title, title_en=theme.title_en,
        words=theme.words, why=heat.why, seen_at=theme.cases[0].at, amber_at=now,
        counted_at=theme.cases[-1].at,
    )  # fmt: skip
    try:
        with history.savepoint(session):
            session.add(issue)
            session.flush()
    except IntegrityError:  # another session saw it a moment ago
        return session.exec(select(HotIssue).where(HotIssue.open_key == theme.key)).one()
    volume, usual = len(theme.cases), round(theme.usual, 2)
    record(session, "hot issue amber", issue, BY, now, why=heat.why, volume=volume, usual=usual)
    if heat.state == "amber":
        hot_news.tell(session, issue, volume, now=now)
    return issue


def _count(session: Session, issue: HotIssue, theme: Theme, now: datetime) -> None:
    issue.volume, issue.usual, issue.press = len(theme.cases), theme.usual, theme.press
    issue.sample = [case.id for case in theme.cases[-SAMPLE:]]
    issue.counted_at = max(theme.cases[-1].at, issue.counted_at)
    new = [case.id for case in theme.cases if case.issue != issue.id]
    _link(session, new, issue.id)


def _link(session: Session, cases: Iterable[int], issue: int) -> None:
    """Their rows belong to others: nobody is refused because of this."""
    rows = update(Case).where(col(Case.id).in_(list(cases))).values(hot_issue_id=issue)
    session.execute(rows, execution_options={"synchronize_session": False})


def _turn_red(session: Session, issue: HotIssue, heat: Heat, now: datetime) -> None:
    issue.state, issue.red_at, issue.why = "red", now, heat.why
    issue.plan, issue.plan_state = rules_of(session)["plan"], "proposed"
    record(session, "hot issue red", issue, BY, now, why=heat.why, volume=issue.volume)
    record(session, "plan proposed", issue, BY, now, plan=issue.plan)
    hot_news.tell(session, issue, issue.volume, now=now)


def _end(session: Session, issue: HotIssue, by: str, reason: str, now: datetime) -> None:
    issue.state, issue.open_key, issue.over_at = "over", None, now
    record(session, "hot issue over", issue, by, now, reason=reason)


def _require(issue: HotIssue, allowed: set[str]) -> None:
    if issue.state not in allowed:
        zh, en = STATES[issue.state]
        raise NotAllowed(
            f"这个热点现在是“{zh}”,不能这样做,请刷新后再看",
            f"This hot issue is {en}: this cannot be done now, reload to see",
            state=issue.state,
        )
