"""The states of tickets and work orders: what people call them, and which segment their time is in.

Source: domain.md §2.1. The verbs that lead from one to another: work_orders.py, tickets.py.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class State:
    """A state of a ticket or a work order."""

    zh: str
    en: str
    tmf: str  # status of TMF621 Trouble Ticket v5
    segment: str  # queue, travel, work, wait_internal, wait_customer, verify; "" when it is over


STATES = {
    "new": State("新建", "new", "acknowledged", "queue"),
    "dispatched": State("已派单", "dispatched", "acknowledged", "queue"),
    # A child with a way of its own: its parent is mended, and its time is its parent's.
    "following": State("随主单处理", "with its parent", "inProgress", "work"),
    "accepted": State("已接单", "accepted", "inProgress", "work"),
    "en_route": State("途中", "en route", "inProgress", "travel"),
    "on_site": State("到场", "on site", "inProgress", "work"),
    "waiting_internal": State("等待内部", "waiting (internal)", "pending", "wait_internal"),
    "suspended": State("挂起", "suspended", "held", "wait_customer"),
    "restored": State("业务恢复", "restored", "inProgress", "verify"),
    "replied": State("已回单", "replied", "resolved", "verify"),
    "called_back": State("已回访", "called back", "resolved", "verify"),
    "returned": State("退单", "returned", "rejected", "queue"),
    "closed": State("归档", "closed", "closed", ""),
    "merged": State("已并单", "merged", "closed", ""),
    "cancelled": State("作废", "cancelled", "cancelled", ""),
}
