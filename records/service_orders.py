"""Orders of services (业务订单) and what inventory is given to them. Verbs: tasks/orders
and tasks/orders/allocations.py.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, inspect, text
from sqlmodel import Field, SQLModel

from records.columns import BigId, Json, UtcDateTime

IS_HELD = "released_at IS NULL"
IS_DUE = "act_at IS NOT NULL"


class ServiceOrder(SQLModel, table=True):
    """A customer wants a circuit: a new one, a change, a move, an end (新装、变更、移机、拆机)."""

    __table_args__ = (
        Index("ix_serviceorder_act", "act_at", sqlite_where=text(IS_DUE),
              postgresql_where=text(IS_DUE)),
    )  # fmt: skip

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    kind: str = Field(index=True)  # new, change, move, cease
    # What the system that it came from calls it: whoever sends it twice has one order.
    external_key: str | None = Field(default=None, unique=True)
    # One open order for each circuit: kept while open, emptied at the end.
    open_key: str | None = Field(default=None, unique=True)
    customer_id: int = Field(foreign_key="customer.id", index=True)
    circuit_id: int | None = Field(default=None, foreign_key="circuit.id", index=True)
    run_id: int | None = Field(default=None, index=True)
    state: str = Field(default="received", index=True)  # drawn in tasks/orders/order_states.py
    product: str
    megabits: int = 0
    grade: str = "std"
    is_protected: bool = False
    a_site_id: int = Field(foreign_key="site.id", index=True)
    z_site_id: int = Field(foreign_key="site.id", index=True)
    details: dict[str, Any] = Field(default_factory=dict, sa_type=Json)  # interface, contact …
    promised_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    limits: dict[str, Any] = Field(
        default_factory=dict, sa_type=Json
    )  # tasks/orders/order_limits.py
    act_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # a limit, or it goes on
    summary: dict[str, Any] = Field(default_factory=dict, sa_type=Json)  # 核查汇总
    design: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    test: dict[str, Any] = Field(default_factory=dict, sa_type=Json)  # end to end, as measured
    acceptance: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    closing: dict[str, Any] = Field(default_factory=dict, sa_type=Json)  # why it ended so
    is_configured: bool = False  # the data are staged in the network
    is_built: bool = False  # what was to be built is
    amendments: int = 0
    resume_state: str = ""  # where a postponed order goes back to
    postponed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    resume_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    opened_by: str
    opened_at: datetime = Field(sa_type=UtcDateTime, index=True)
    accepted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # by the customer
    rent_from: datetime | None = Field(default=None, sa_type=UtcDateTime)  # 起租
    rent_until: datetime | None = Field(default=None, sa_type=UtcDateTime)  # 停租, of one ceased
    # Until when the room is to be inspected for the first time; read by the planner.
    inspect_by: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    revision: int = 1

    @property
    def number(self) -> str:
        """What people say on the phone: SO-20260311-17."""
        return f"SO-{self.opened_at:%Y%m%d}-{self.id}"


class Allocation(SQLModel, table=True):
    """A port, a fibre core or a VLAN that one order, then its circuit, has for itself.

    The database refuses a second one of the same key while the first is held.
    """

    __table_args__ = (
        Index("ix_allocation_held", "key", unique=True, sqlite_where=text(IS_HELD),
              postgresql_where=text(IS_HELD)),
    )  # fmt: skip

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    order_id: int = Field(foreign_key="serviceorder.id", index=True)
    circuit_id: int | None = Field(default=None, foreign_key="circuit.id", index=True)
    kind: str  # port, core, vlan
    device_id: int | None = Field(default=None, foreign_key="device.id", index=True)
    section_id: int | None = Field(default=None, foreign_key="section.id", index=True)
    unit: str  # "1/3", "7"
    key: str  # "port:HZ-1:1/3"
    state: str = "held"  # held, used, released
    held_by: str
    held_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    released_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


# Two people press the same button: the second flush raises StaleDataError (409).
inspect(ServiceOrder).version_id_col = inspect(ServiceOrder).columns["revision"]
