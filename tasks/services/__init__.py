"""Service steps: the name drawn in the diagram, and the function that it calls.

To add one: write the function in a file here, and give it a line in SERVICES. It gets a `Caller`
and the parameters of the step, and returns facts as JSON; it never starts or moves a run.
"""

from tasks.services import systems, tickets
from tasks.services.kinds import Caller, Service, ServiceRefused

__all__ = ["SERVICES", "Caller", "Service", "ServiceRefused"]

SERVICES: dict[str, Service] = {
    "systems.ask": Service(systems.ask, is_outside=True),
    "tickets.describe": Service(tickets.describe),
    "tickets.set_limit": Service(tickets.set_limit),
    "tickets.tell_customer": Service(tickets.tell_customer),
    "tickets.accept": Service(tickets.accept),
    "tickets.take_judgement": Service(tickets.take_judgement),
    "tickets.propose_plan": Service(tickets.propose_plan),
    "tickets.add_specialty": Service(tickets.add_specialty),
    "tickets.look_at_alarms": Service(tickets.look_at_alarms),
    "tickets.tell_restored": Service(tickets.tell_restored),
    "tickets.note_repair": Service(tickets.note_repair),
    "tickets.note_report": Service(tickets.note_report),
    "tickets.restore": Service(tickets.restore),
    "tickets.reopen": Service(tickets.reopen),
    "tickets.call_back": Service(tickets.call_back),
    "tickets.close": Service(tickets.close),
    "tickets.cancel": Service(tickets.cancel),
    "tickets.merge": Service(tickets.merge),
    "tickets.restore_with_parent": Service(tickets.restore_with_parent),
    "tickets.reopen_with_parent": Service(tickets.reopen_with_parent),
    "tickets.leave_parent": Service(tickets.leave_parent),
    "tickets.close_with_parent": Service(tickets.close_with_parent),
    "tickets.look_at_children": Service(tickets.look_at_children),
    "tickets.call_back_by_children": Service(tickets.call_back_by_children),
    "tickets.note_call": Service(tickets.note_call),
    "tickets.raise_level": Service(tickets.raise_level),
    "tickets.regrade": Service(tickets.regrade),
    "tickets.suspend": Service(tickets.suspend),
    "tickets.resume": Service(tickets.resume),
}
