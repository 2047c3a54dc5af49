"""Cases: the words that are locked, the many who are asked at once, the first answer that holds."""

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from records import Article, CaseAsked, CasePost, Entry, Expert, Notice, PointsEntry
from tasks.cases import case_causes, case_threads, cases, consultations, hops
from tasks.policies import shipped
from tasks.policy_checks import check_alone
from tasks.refusals import Forbidden, Invalid, NotAllowed
from tests.test_experts import appoint, person

WORDS = "我一直连着 Wi-Fi,怎么还扣 GPRS 流量费?"
SAID = {"words": WORDS, "channel": "hotline", "caller": "赵先生", "phone": "000-55"}
TRIAGE = {"category": "wlan", "parties": ["billing", "coverage"]}
CAUSES = [
    {"party": "coverage", "text": "商场无线信号弱", "share": 70},
    {"party": "terminal", "text": "手机自动切到移动数据", "share": 30},
    {"party": "usage", "text": "客户开着自动切换", "share": 100, "under": 2},
]

on_one = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def expert(session, cast, now):
    return partial(appoint, session, cast, now)


@pytest.fixture
def case(session, cast, now):
    """What Ada took down, and found to be of two parties."""
    row = cases.open_case(session, SAID, by=cast["ada"], now=now)
    cases.take_triage(session, row, TRIAGE, is_known=False, by="ada", now=now)
    session.commit()
    return row


@pytest.mark.parametrize("change", ["words = 'x' FROM service_case", "text = 'x' FROM casepost"])
def test_the_database_itself_keeps_what_was_said(session, cast, now, case, change):
    case_threads.add(session, case, "只有夜里才有", by=cast["ada"], now=now)
    session.commit()
    column, table = change.split(" = 'x' FROM ")
    with pytest.raises(IntegrityError, match="locked"):
        session.execute(text(f"UPDATE {table} SET {column} = 'x'"))
    session.rollback()
    session.execute(text(f"UPDATE {table} SET {column} = {column}"))


@on_one
def test_a_case_begins_with_words_of_somebody_known(session, cast, now):
    begin = partial(cases.open_case, session, by=cast["ada"], now=now)
    for wrong, field in (
        ({"words": " "}, "words"),
        ({"words": "<script>x</script>"}, "words"),
        ({"channel": "pigeon"}, "channel"),
        ({"kind": "rumour"}, "kind"),
        ({"customer": "C-0"}, "customer"),
    ):
        with pytest.raises(Invalid) as refusal:
            begin(SAID | wrong)
        assert refusal.value.facts["fields"][0]["field"] == field
    assert begin(SAID | {"customer": "C-1"}).city == "海州"


@on_one
def test_one_of_each_party_is_asked_at_once_and_nobody_twice(session, now, expert, case):
    for login, skill in (
        ("bill", "billing"),
        ("air", "wlan"),
        ("calc", "billing"),
        ("cash", "billing"),
    ):
        expert(login, skills=[skill])
    asked = consultations.ask(session, case, "city", by="ada", now=now)
    assert logins(asked) == ["air", "bill", "calc"]
    again = consultations.ask(session, case, "city", by="ada", now=now)
    assert (again["level"], logins(again)) == ("city", ["cash"])
    told = session.exec(select(Notice.template)).all()
    assert told == ["case_asked"] * 4


@on_one
def test_a_level_without_anybody_is_passed_over_and_the_last_asks_the_guardians(
    session, now, expert, case
):
    ask = partial(consultations.ask, session, case, by="ada", now=now)
    assert (logins(ask("city")), case.level) == (["mei"], "group")
    expert("far", "province", skills=["wlan"])
    assert (logins(ask("city")), case.level) == (["far"], "province")


@on_one
def test_who_has_left_is_not_invited_and_no_longer_waited_for(session, now, cast, expert, case):
    expert("gone", skills=["wlan"])
    consultations.ask(session, case, "city", by="ada", now=now)
    person(session, "gone").active = False
    session.commit()
    with pytest.raises(NotAllowed, match="has left"):
        consultations.invite(session, case, ["gone"], by="ada", now=now)
    consultations.ask(session, case, "province", by="ada", now=now)
    states = dict(session.exec(select(CaseAsked.login, CaseAsked.state)).all())
    assert states == {"gone": "left", "mei": "asked"}


def test_the_first_accepted_answer_ends_the_asking(session, now, cast, expert, case):
    for login, skill in (("bill", "billing"), ("air", "wlan")):
        expert(login, skills=[skill])
    consultations.ask(session, case, "city", by="ada", now=now)
    answer = partial(case_threads.answer, session, case, now=now)
    told = {"by": person(session, "air"), "evidence": "基站切换记录", "confidence": 80}
    first = answer("商场信号弱,自动切换", **told)
    case_threads.accept(session, case, [first], by=cast["ada"], now=now)
    late = answer("话单没有问题", by=person(session, "bill"))
    assert (case.state, first.state, late.state) == ("answering", "accepted", "late")
    rows = select(CaseAsked.login, CaseAsked.state).order_by(CaseAsked.login)
    assert session.exec(rows).all() == [("air", "answered"), ("bill", "called_off")]
    assert session.exec(select(PointsEntry.points)).all() == [10]
    counted = session.exec(select(Expert).where(Expert.accepted == 1)).one()
    assert (counted.asked, counted.answered) == (1, 1)


@on_one
def test_nobody_accepts_their_own_answer(session, now, cast, case):
    own = case_threads.answer(session, case, "我知道", by=cast["ada"], now=now)
    others = case_threads.answer(session, case, "是覆盖", by=cast["mei"], now=now)
    for rows, by in (([own], "ada"), ([own], "mei"), ([others], "mei")):
        with pytest.raises(Forbidden):
            case_threads.accept(session, case, rows, by=cast[by], now=now)
    elsewhere = CasePost(case_id=0, kind="answer", text="别处的", by="liu", at=now)
    with pytest.raises(Invalid):
        case_threads.accept(session, case, [elsewhere], by=cast["ada"], now=now)


@on_one
def test_what_did_not_hold_gives_its_points_back(session, now, cast, case):
    row = case_threads.answer(session, case, "是覆盖", by=cast["liu"], now=now)
    case_threads.accept(session, case, [row], by=cast["ada"], now=now)
    reply(session, case, now, has_agreed=False)
    told = {"minutes": "客户出示了账单", "outcome": "ask"}
    assert cases.note_meeting(session, case, told, by="ada", now=now) == "ask"
    assert (case.state, row.state, case.accepted_id) == ("consulting", "given", None)
    assert sorted(session.exec(select(PointsEntry.points))) == [-10, 10]


@on_one
def test_the_customer_is_told_in_plain_words(session, now, cast, case):
    accepted(session, case, cast, now)
    assert reply(session, case, now, words="GGSN 的 APN 记录正常") == [
        "GGSN: 流量计费网关",
        "APN: 接入点",
    ]
    assert case.state == "answering"
    assert reply(session, case, now, words="APN(接入点)没有问题") == []
    assert (case.state, case.answer) == ("replied", "APN(接入点)没有问题")


@on_one
def test_a_closed_case_has_a_tree_of_causes_and_teaches_others(session, now, cast, case):
    accepted(session, case, cast, now)
    reply(session, case, now)
    told = {"causes": CAUSES, "wants_article": True}
    cases.close(session, case, told, by="ada", now=now)
    tree = case_causes.of_case(session, case)
    assert [(row.party, row.share, row.parent_id) for row in tree] == [
        ("coverage", 70, None),
        ("terminal", 30, None),
        ("usage", 100, tree[1].id),
    ]
    article = session.get_one(Article, case.draft_id)
    assert "赵先生" not in article.body + article.symptoms and "70%" in article.body
    kinds = session.exec(select(PointsEntry.kind)).all()
    assert sorted(kinds) == ["answer_accepted", "triage_right"]


@on_one
@pytest.mark.parametrize(
    "wrong",
    [
        [],
        [{"party": "nobody", "text": "x"}],
        [{"party": "usage", "text": "x", "under": 1}],
        [
            {"party": "usage", "text": "x", "share": 60},
            {"party": "offer", "text": "y", "share": 60},
        ],
        [{"party": "usage", "text": "<img src=x onerror=y>"}],
    ],
)
def test_causes_that_make_no_tree_are_refused(session, now, case, wrong):
    with pytest.raises(Invalid):
        case_causes.keep(session, case, wrong, by="ada", now=now)


@on_one
def test_what_the_customer_adds_goes_to_who_has_not_answered(session, now, cast, expert, case):
    expert("air", skills=["wlan"])
    consultations.ask(session, case, "city", by="ada", now=now)
    case_threads.add(session, case, "只有夜里才有", is_customers=True, by=cast["ada"], now=now)
    assert session.exec(select(Notice.template).order_by(col(Notice.id))).all() == [
        "case_asked",
        "case_added",
    ]
    cases.withdraw(session, case, "客户说不用了", by="ada", now=now)
    with pytest.raises(NotAllowed):
        case_threads.add(session, case, "还有", by=cast["ada"], now=now)
    session.commit()
    verbs = session.exec(select(Entry.verb).where(Entry.subject == f"case:{case.id}")).all()
    assert verbs[-2:] == ["customer added", "withdrawn"]


def test_desks_that_are_asked_at_once_are_one_hop(now):
    at = [now + timedelta(hours=n) for n in range(5)]
    together = [(at[0], at[2]), (at[0], at[1]), (at[1], at[3])]
    assert hops.count_hops(together) == 1
    assert hops.count_hops([(at[0], at[1]), (at[1], at[2]), (at[2], at[3])]) == 3
    assert hops.count_hops([(at[0], at[0]), (at[0], at[0])]) == 1
    assert hops.count_hops([]) == 0


def test_the_policy_of_cases_says_what_would_not_work():
    wrong = {
        "channels": {"x": {"zh": "", "en": "X", "is_press": "no"}},
        "parties": {},
        "jargon": {"A": ""},
    }
    paths = [finding.path for finding in check_alone("cases", wrong)]
    assert paths == ["channels.x.zh", "channels.x.is_press", "parties", "jargon.A"]
    assert check_alone("cases", shipped("cases")) == []


def logins(asked):
    return sorted(post["login"] for post in asked["posts"])


def accepted(session, case, cast, now):
    row = case_threads.answer(session, case, "是覆盖", by=cast["liu"], now=now)
    case_threads.accept(session, case, [row], by=cast["ada"], now=now)


def reply(session, case, now, **told):
    told = {"words": "商场信号不稳定", "has_agreed": True} | told
    return cases.note_reply(session, case, told, by="ada", now=now)
