"""Service steps: the name drawn in the diagram, and the function that it calls.

To add one: write the function in a file here, and give it a line in SERVICES. It gets a `Caller`
and the parameters of the step, and returns facts as JSON; it never starts or moves a run.
"""

from tasks.services import service_orders, systems, tickets
from tasks.services.kinds import Caller, Service, ServiceRefused

__all__ = ["SERVICES", "Caller", "Service", "ServiceRefused"]

SERVICES: dict[str, Service] = {
    "systems.ask": Service(systems.ask, is_outside=True),
    "orders.describe": Service(service_orders.describe),
    "orders.set_limits": Service(service_orders.set_limits),
    "orders.take_feasibility": Service(service_orders.take_feasibility),
    "orders.refuse": Service(service_orders.refuse),
    "orders.take_design": Service(service_orders.take_design),
    "orders.look_at_work": Service(service_orders.look_at_work),
    "orders.explain": Service(service_orders.explain),
    "orders.note_construction": Service(service_orders.note_construction),
    "orders.note_data": Service(service_orders.note_data),
    "orders.look_at_visits": Service(service_orders.look_at_visits),
    "orders.plan_again": Service(service_orders.plan_again),
    "orders.take_test": Service(service_orders.take_test),
    "orders.accept": Service(service_orders.accept),
    "orders.archive": Service(service_orders.archive),
    "orders.ask_inspection": Service(service_orders.ask_inspection),
    "orders.postpone": Service(service_orders.postpone),
    "orders.resume": Service(service_orders.resume),
    "orders.amend": Service(service_orders.amend),
    "orders.undo": Service(service_orders.undo),
    "orders.cancel": Service(service_orders.cancel),
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
