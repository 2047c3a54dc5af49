"""People, tickets and work orders without a diagram, for tests of who is told and who is sent."""

from itertools import count

from sqlmodel import select

from records import Circuit, Diagram, Group, Membership, Person, Run, Version, WorkOrder
from tasks.faults import intake

STEPS = count(1)


def hire(session, login, *groups, now, **told):
    """One more person in these groups, in the city of the cast."""
    told = {"name": login.title(), "roles": ["field_engineer"], "city": "海州"} | told
    person = Person(login=login, created_at=now, **told)
    session.add(person)
    session.flush()
    for group in session.exec(select(Group).where(Group.key.in_(groups))):
        session.add(Membership(person_id=person.id, group_id=group.id))
    session.flush()
    return person


def open_ticket(session, now, code="HD-DIA-1", **told):
    circuit = session.exec(select(Circuit).where(Circuit.code == code)).first()
    told = {"source": "inspection", "circuit": circuit, "started_at": now} | told
    return intake.open_ticket(session, by="dora", now=now, **told)


def open_order(session, ticket, group, now, **told):
    """An order of a run that nothing moves."""
    if ticket.run_id is None:
        ticket.run_id = _begin_run(session, ticket, now)
    told = {"title": group, "element": f"{group}_on_site", "opened_at": now} | told
    order = WorkOrder(
        run_id=ticket.run_id, step_id=next(STEPS), ticket_id=ticket.id, group_key=group, **told
    )
    session.add(order)
    session.flush()
    return order


def _begin_run(session, ticket, now):
    diagram = session.exec(select(Diagram).where(Diagram.key == "still")).first()
    if diagram is None:
        diagram = Diagram(key="still", name="still")
        session.add(diagram)
        session.flush()
        session.add(
            Version(
                diagram_id=diagram.id,
                number=1,
                content_hash="still",
                bundle=b"{}",
                published_at=now,
                published_by="owen",
            )
        )
        session.flush()
    version = session.exec(select(Version).where(Version.content_hash == "still")).one()
    run = Run(
        version_id=version.id,
        diagram_key="still",
        content_hash="still",
        subject=f"ticket:{ticket.id}",
        started_at=now,
    )
    session.add(run)
    session.flush()
    return run.id
