"""What may be done to a work order, in which state, and by whom."""

from datetime import timedelta

import pytest
from sqlalchemy.orm.exc import StaleDataError
from sqlmodel import Session, select

from records import Attachment, Comment, Diagram, Entry, Run, Version, WorkOrder
from tasks import candidates, remarks, work_orders
from tasks.refusals import Forbidden, Invalid, NotAllowed
from tasks.states import STATES


@pytest.fixture
def order(session, cast, now):
    diagram = Diagram(key="p", name="p")
    session.add(diagram)
    session.flush()
    version = Version(
        diagram_id=diagram.id,
        number=1,
        content_hash="",
        bundle=b"{}",
        published_at=now,
        published_by="owen",
    )
    session.add(version)
    session.flush()
    run = Run(version_id=version.id, diagram_key="p", content_hash="", started_at=now)
    session.add(run)
    session.flush()
    order = WorkOrder(
        run_id=run.id,
        step_id=1,
        element="Repair",
        title="修复 / Repair",
        group_key="line",
        opened_at=now,
    )
    session.add(order)
    session.commit()
    return order


@pytest.fixture
def do(session, order, cast, now):
    """do("accept", "liu"): a verb by one of the cast, committed."""

    def do(verb, login, **told):
        getattr(work_orders, verb)(session, order, by=cast[login], now=now, **told)
        session.commit()
        return order.state

    return do


def test_an_order_goes_from_queue_to_site_and_back(do, order):
    assert [do("claim", "liu"), do("accept", "liu"), do("set_out", "liu")] == [
        "dispatched",
        "accepted",
        "en_route",
    ]
    assert do("arrive", "liu") == "on_site"
    assert do("wait", "liu", reason="spare part") == "waiting_internal"
    assert do("resume", "liu") == "on_site"
    assert do("reply", "liu", answers={"done": True}) == "replied"
    assert do("reject", "dora", reason="no photo") == "accepted"
    assert do("release", "liu") == "dispatched" and order.holder is None


def test_every_step_is_in_history_with_who_and_from_what_to_what(session, do):
    do("accept", "liu")
    do("set_out", "liu")
    entry = session.exec(select(Entry).where(Entry.verb == "set out")).one()
    assert (entry.by, entry.particulars["was"], entry.particulars["is"]) == (
        "liu",
        "accepted",
        "en_route",
    )


def test_a_claimed_order_is_refused_to_the_next_with_the_name_of_the_first(do, cast):
    do("claim", "liu")
    with pytest.raises(NotAllowed, match="liu") as refused:
        do("claim", "dora")
    assert "liu" in refused.value.zh


def test_only_members_of_the_group_and_dispatchers_may_take_it(session, do, order, cast):
    with pytest.raises(Forbidden, match="line"):
        do("claim", "ada")
    assert [person.login for person in candidates.find(session, order)] == ["liu"]


def test_who_is_not_the_holder_cannot_act_on_it(do):
    do("accept", "liu")
    with pytest.raises(Forbidden, match="liu"):
        do("set_out", "ada")


@pytest.mark.parametrize("verb", ["set_out", "arrive", "resume"])
def test_a_verb_in_the_wrong_state_says_what_the_state_is(do, verb):
    with pytest.raises(NotAllowed, match="dispatched"):
        do(verb, "liu")


def test_two_at_once_one_gets_stale(engine, order, cast, now):
    with Session(engine, expire_on_commit=False) as two:
        second = two.get_one(WorkOrder, order.id)
        two.commit()
        with Session(engine) as one:
            work_orders.claim(one, one.get_one(WorkOrder, order.id), by=cast["liu"], now=now)
            one.commit()
        second.holder = "dora"
        with pytest.raises(StaleDataError):
            two.commit()


def suspension(now, **changed):
    told = {"reason": "no_access", "evidence": "photo 3", "customer_told": True}
    return told | {"resume_at": now + timedelta(hours=1)} | changed


def test_a_suspension_keeps_where_to_go_back_to_and_ends_by_itself(session, do, order, now):
    do("accept", "liu")
    do("arrive", "liu")
    assert do("suspend", "dora", **suspension(now)) == "suspended"
    assert not work_orders.release_due(session, order, now=now)
    assert work_orders.release_due(session, order, now=now + timedelta(hours=1))
    assert (order.state, order.resume_at) == ("on_site", None)


@pytest.mark.parametrize(
    "wrong, field",
    [
        ({"reason": "night"}, "reason"),
        ({"reason": "tired"}, "reason"),
        ({"evidence": " "}, "evidence"),
        ({"resume_at": timedelta(hours=25)}, "resume_at"),
        ({"resume_at": timedelta(0)}, "resume_at"),
    ],
)
def test_a_suspension_without_reason_evidence_or_end_is_refused(do, now, wrong, field):
    do("accept", "liu")
    if isinstance(wrong.get("resume_at"), timedelta):
        wrong = {"resume_at": now + wrong["resume_at"]}
    with pytest.raises(Invalid) as refused:
        do("suspend", "mei", **suspension(now, **wrong))
    assert refused.value.facts["fields"][0]["field"] == field


def test_a_long_suspension_and_the_fourth_need_the_duty_lead(do, order, now):
    do("accept", "liu")
    long = suspension(now, resume_at=now + timedelta(hours=3))
    with pytest.raises(Forbidden, match="duty lead"):
        do("suspend", "dora", **long)
    with pytest.raises(Forbidden, match="dispatcher"):
        do("suspend", "liu", **suspension(now))
    for _ in range(3):
        do("suspend", "dora", **suspension(now))
        do("resume", "liu")
    with pytest.raises(Forbidden, match="duty lead"):
        do("suspend", "dora", **suspension(now))
    assert do("suspend", "mei", **long) == "suspended"


def test_reassigning_needs_a_dispatcher_a_reason_and_a_fitting_person(do, order, cast):
    do("accept", "liu")
    told = {"to": None, "group": "transport", "reason": "not the line"}
    with pytest.raises(Forbidden):
        do("reassign", "liu", **told)
    with pytest.raises(Invalid):
        do("reassign", "dora", **told | {"reason": ""})
    with pytest.raises(Invalid, match="nowhere"):
        do("reassign", "dora", **told | {"group": "nowhere"})
    assert do("reassign", "dora", **told) == "dispatched"
    assert (order.group_key, order.holder) == ("transport", None)
    do("reassign", "dora", to=cast["nora"], group=None, reason="on duty")
    assert order.holder == "nora"


def test_an_order_that_is_not_ours_is_handed_back(do, order):
    assert do("reject", "liu", reason="another city") == "returned"
    assert do("reassign", "dora", to=None, group="field", reason="right city") == "dispatched"


def test_a_half_filled_form_is_kept(do, order):
    do("accept", "liu")
    do("save_draft", "liu", answers={"cause": ""})
    assert order.draft == {"cause": ""}


def test_a_finished_order_says_who_finished_it(do):
    do("accept", "liu")
    do("complete", "liu", answers={})
    with pytest.raises(NotAllowed, match="liu"):
        do("accept", "dora")


def test_comments_and_files_are_kept_and_told_in_history(session, order, cast, now):
    remarks.comment(session, order, "门锁了", by=cast["liu"], now=now)
    photo = {"name": "gate.jpg", "media_type": "image/jpeg", "content": b"\xff\xd8"}
    remarks.attach(session, order, **photo, by=cast["liu"], now=now)
    remarks.chase(session, order, "how far?", by=cast["dora"], now=now)
    session.commit()

    assert session.exec(select(Comment.text)).one() == "门锁了"
    assert session.exec(select(Attachment.content)).one() == b"\xff\xd8"
    assert [e.verb for e in session.exec(select(Entry).order_by(Entry.id))] == [
        "commented",
        "attached",
        "chased",
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"media_type": "text/html"},
        {"content": b""},
        {"content": b"x" * (remarks.LARGEST_FILE + 1)},
        {"name": "../etc/passwd"},
        {"name": "a\0b"},
        {"name": "gate\u202egpj.exe"},
        {"name": ""},
    ],
)
def test_a_file_that_will_not_do_is_refused(session, order, cast, now, wrong):
    photo = {"name": "gate.jpg", "media_type": "image/jpeg", "content": b"\xff\xd8"} | wrong
    with pytest.raises(Invalid):
        remarks.attach(session, order, **photo, by=cast["liu"], now=now)


def test_how_a_media_type_is_written_does_not_matter(session, order, cast, now):
    told = {"name": "电话.txt", "media_type": "Text/Plain; charset=utf-8", "content": b"02:40"}
    kept = remarks.attach(session, order, **told, by=cast["liu"], now=now)
    assert kept.media_type == "text/plain"


def test_every_state_has_both_names_and_a_segment():
    segments = {"queue", "travel", "work", "wait_internal", "wait_customer", "verify", ""}
    assert all(state.zh and state.en and state.segment in segments for state in STATES.values())
    assert STATES.keys() >= work_orders.OPEN
