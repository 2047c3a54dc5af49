"""What emergency plans can draw on in each city of Lanhai, and circuits that a plan is for.

The plans themselves come with Baton, and are published at the start: bpmn/plans.py.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Text, select, type_coerce
from sqlmodel import Session, col

from records.circuits import Circuit, Site
from records.people import Person
from records.plans import Plan, PlanCircuit, PlanResource

STOCK: Mapping[str, tuple[str, str, int]] = {  # kind: Chinese and English name, how many in a city
    "otdr": ("光时域反射仪", "OTDR", 3),
    "splicer": ("熔接机", "Fusion splicer", 3),
    "cable": ("24 芯抢修光缆(米)", "24-core repair cable (m)", 1_000),
    "joint": ("接头盒", "Joint closure", 12),
    "repair_van": ("抢修车", "Repair van", 3),
    "generator": ("30 kW 移动油机", "30 kW mobile generator", 2),
    "fuel": ("柴油(升)", "Diesel (l)", 600),
    "battery": ("48 V 蓄电池组", "48 V battery string", 2),
    "spare_cpe": ("备用客户端路由器", "Spare customer router", 4),
    "mobile_cpe": ("5G 应急路由器", "5G router", 4),
    "test_phone": ("拨测手机", "Test phone", 2),
    "pump": ("抽水泵", "Pump", 3),
    "sandbag": ("防汛沙袋", "Sandbags", 300),
    "sat_phone": ("卫星电话", "Satellite phone", 1),
}
LINKED = 5  # circuits of the best grade that customer_recovery is for
CHECKED, NEXT = timedelta(days=30), timedelta(days=60)


def prepare_for_plans(session: Session, now: datetime) -> None:
    """Once places, people and circuits are there. The same few rows for each city at every size."""
    keepers = _keepers(session)
    for number, (city, place) in enumerate(_stores(session), 1):
        for kind, (zh, en, quantity) in STOCK.items():
            session.add(
                PlanResource(
                    code=f"RES-{number}-{kind}",
                    kind=kind,
                    name=zh,
                    name_en=en,
                    city=city,
                    place=f"{place} 应急库",
                    quantity=quantity,
                    keeper=keepers.get(city, "liu"),
                    checked_at=now - CHECKED,
                    check_at=now + NEXT,
                )
            )
    _link(session, now)


def _stores(session: Session) -> list[tuple[str, str]]:
    """Each city, and the first of its own rooms there."""
    own = select(col(Site.city), col(Site.name)).where(col(Site.kind) != "customer")
    found: dict[str, str] = {}
    for city, name in session.execute(own.order_by(col(Site.id))):
        found.setdefault(city, name)
    return sorted(found.items())


def _keepers(session: Session) -> dict[str, str]:
    """Somebody of the field in each city."""
    field = type_coerce(col(Person.roles), Text) == '["field_engineer"]'
    rows = select(col(Person.city), col(Person.login)).where(field).order_by(col(Person.id).desc())
    return {city: login for city, login in session.execute(rows)}


def _link(session: Session, now: datetime) -> None:
    best = select(col(Circuit.id)).where(col(Circuit.grade) == "AAA").order_by(col(Circuit.id))
    plan = Plan(
        key="customer_recovery", content={"title": "重要客户业务恢复预案"}, owner="mei",
        created_by="system", created_at=now,
    )  # fmt: skip
    session.add(plan)
    session.flush()
    note = "备用路由走另一管道;机房有 5G 应急路由器的位置和电源"
    session.add_all(
        PlanCircuit(circuit_id=key, plan_id=plan.id, note=note, added_by="mei", added_at=now)
        for key in session.execute(best.limit(LINKED)).scalars()
    )
    session.flush()
