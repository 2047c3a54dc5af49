"""Orders of services (业务订单): taken in, refused, tested, accepted, cancelled. Called by the
services of service_activation.bpmn and by bpmn/service_orders.py; nothing here moves a run.

States: order_states.py. Design and visits: order_designs.py. In flight: order_changes.py. The end:
order_archive.py.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from records import Circuit, Customer, ServiceOrder, Site, history
from records.customers import GRADES
from tasks import policies
from tasks.orders import allocations, order_limits, order_visits
from tasks.orders.order_states import KINDS, record, require, require_reason, shift
from tasks.refusals import Conflict, Invalid, NotFound, wrong

Facts = dict[str, Any]
Given = Mapping[str, Any]


def open_order(session: Session, given: Given, *, by: str, now: datetime) -> ServiceOrder:
    """`given`: kind, customer (its code), circuit (code; of what is changed, moved or ceased),
    product, megabits, grade, is_protected, a_site, z_site (codes), promised_at, details,
    external_key. What is left out is as the circuit has it.
    """
    order = ServiceOrder(kind=given["kind"], product="", a_site_id=0, z_site_id=0, customer_id=0,
                         opened_by=by, opened_at=now)  # fmt: skip
    fields = _fill(session, order, given)
    fields += check(session, order, now)
    if fields:
        raise Invalid("请更正这些项", "Please correct these fields", fields=fields)
    order.external_key = given.get("external_key") or None
    order.open_key = f"circuit:{order.circuit_id}" if order.circuit_id else None
    _require_alone(session, order)
    try:
        with history.savepoint(session):
            session.add(order)
            session.flush()
    except IntegrityError as error:  # somebody else was faster
        raise _taken(order) from error
    told = {key: value for key, value in given.items() if value not in (None, "", {})}
    record(session, "received", order, by, now, **_plain(told))
    return order


def check(session: Session, order: ServiceOrder, now: datetime) -> list[Facts]:
    """What of its product, speed, sites and date will not do."""
    rules = policies.current(session, "orders").content
    fields = [] if order.kind == "cease" else _wrong_product(session, order, rules)
    if order.grade not in GRADES:
        some = ", ".join(GRADES)
        fields.append(_said("grade", f"等级应为 {some}", f"The grade is one of {some}"))
    promised, most = order.promised_at, rules["promise_days"]
    if promised and not now < promised <= now + timedelta(days=most):
        zh = f"承诺时间应在以后 {most} 天之内"
        fields.append(_said("promised_at", zh, f"This is within the next {most} days"))
    return fields


def find_known(session: Session, external_key: str) -> ServiceOrder | None:
    return session.exec(
        select(ServiceOrder).where(ServiceOrder.external_key == external_key)
    ).first()


def facts_of(session: Session, order: ServiceOrder) -> Facts:
    """What the decision tables ask about."""
    a, z = (session.get_one(Site, each) for each in (order.a_site_id, order.z_site_id))
    customer = session.get_one(Customer, order.customer_id)
    return {
        "id": order.id,
        "kind": order.kind,
        "product": order.product,
        "megabits": order.megabits,
        "grade": order.grade,
        "customer_grade": customer.grade,
        "is_protected": order.is_protected,
        "is_cross_city": a.city != z.city,
        "a_kind": a.kind,
        "z_kind": z.kind,
        "amendments": order.amendments,
    }


def take_feasibility(
    session: Session, order: ServiceOrder, summary: Given, *, by: str, now: datetime
) -> None:
    """The checks are done, and it can be built."""
    require("design", order)
    order.summary = dict(summary)
    order_limits.meet(order, "feasibility", now)
    if summary.get("needs_construction"):
        order_limits.lengthen(session, order, "total", order.limits["construction"], now)
    shift(session, "found feasible", order, "designing", by, now, summary=dict(summary))


def refuse(session: Session, order: ServiceOrder, *, reason: str, by: str, now: datetime) -> None:
    """不具备条件: back to the account manager."""
    require("refuse", order)
    require_reason(reason)
    end(session, order, "refused", by, now, reason=reason)


def note_construction(session: Session, order: ServiceOrder, *, by: str, now: datetime) -> None:
    """施工完成."""
    order.is_built = True
    record(session, "built", order, by, now)


def take_test(
    session: Session, order: ServiceOrder, test: Given, *, by: str, now: datetime
) -> None:
    """End to end, as measured; a test that failed is kept in history too."""
    require("test", order)
    order.test = dict(test) | {"at": now.isoformat(), "by": by}
    record(session, "tested", order, by, now, **test)


def accept(
    session: Session, order: ServiceOrder, acceptance: Given, *, by: str, now: datetime
) -> None:
    """客户验收: not without an end-to-end test that was passed, except for what is ceased."""
    require("accept", order)
    if order.kind != "cease" and not order.test.get("is_passed"):
        zh = "没有合格的全程测试结果,不能验收,请先测试"
        raise wrong("test", zh, "No end-to-end test was passed: test first")
    if not str(acceptance.get("signed_by") or "").strip():
        raise wrong("signed_by", "请写明客户方由谁签字", "Say who signed at the customer's")
    order.acceptance, order.accepted_at = dict(acceptance), now
    order_limits.meet(order, "total", now)
    shift(session, "accepted", order, "accepted", by, now, **acceptance)


def cancel(session: Session, order: ServiceOrder, *, reason: str, by: str, now: datetime) -> None:
    """撤单: what is held is free, what was planned is not wanted."""
    require("cancel", order)
    require_reason(reason)
    allocations.release(session, order, by=by, now=now)
    order_visits.drop(session, order, reason=reason, by=by, now=now)
    end(session, order, "cancelled", by, now, reason=reason)


def end(
    session: Session, order: ServiceOrder, state: str, by: str, now: datetime, **closing: Any
) -> None:
    order.ended_at, order.act_at, order.open_key, order.closing = now, None, None, closing
    shift(session, state, order, state, by, now, **closing)


def find_site(session: Session, code: str) -> Site:
    found = session.exec(select(Site).where(Site.code == code)).first()
    if found is None:
        raise NotFound(f"没有站点“{code}”,请用站点编码", f"There is no site “{code}”")
    return found


def _fill(session: Session, order: ServiceOrder, given: Given) -> list[Facts]:
    """Look up what is named; what cannot be found, by field."""
    fields = list[Facts]()
    customer = _find(session, Customer, given, "customer", "客户", fields)
    if order.kind not in KINDS:
        some = ", ".join(KINDS)
        fields.append(_said("kind", f"种类应为 {some}", f"The kind is one of {some}"))
    circuit = None
    if order.kind != "new":
        circuit = _find(session, Circuit, given, "circuit", "电路", fields)
    elif given.get("circuit"):
        zh, en = "新装没有原电路,请留空", "A new one has no circuit yet: leave this empty"
        fields.append(_said("circuit", zh, en))
    if circuit and customer and circuit.customer_id != customer.id:
        zh, en = "这条电路不是该客户的", "This circuit is another customer's"
        fields.append(_said("circuit", zh, en))
    if circuit and circuit.ceased_at:
        fields.append(_said("circuit", "这条电路已拆除", "This circuit was ceased"))
    order.customer_id = customer.id if customer else 0
    order.circuit_id = circuit.id if circuit else None
    for name in ("product", "megabits", "grade", "is_protected"):
        usual = getattr(circuit, name) if circuit else getattr(ServiceOrder, name, None)
        value = given.get(name)
        _set(order, name, usual if value in (None, "") else value, is_known=circuit is not None)
    for end_ in ("a", "z"):
        name, column = f"{end_}_site", f"{end_}_site_id"
        is_needed = circuit is None or bool(given.get(name))
        site = _find(session, Site, given, name, "站点", fields) if is_needed else None
        setattr(order, column, site.id if site else getattr(circuit, column, 0))
    order.promised_at, order.details = given.get("promised_at"), dict(given.get("details") or {})
    return fields


def _set(order: ServiceOrder, name: str, value: Any, *, is_known: bool) -> None:
    usual = {"product": "", "megabits": 0, "grade": "std", "is_protected": False}[name]
    is_given = isinstance(value, type(usual))
    setattr(order, name, value if is_known or is_given else usual)


def _find(
    session: Session, table: Any, given: Given, name: str, zh: str, fields: list[Facts]
) -> Any:
    code = given.get(name) or ""
    found = session.exec(select(table).where(table.code == code)).first() if code else None
    if found is None:
        said = (f"没有{zh}“{code}”,请核对编码", f"There is no such {name} “{code}”: check its code")
        fields.append(
            _said(name, *(said if code else (f"请填{zh}编码", f"Give the {name}'s code")))
        )
    return found


def _wrong_product(session: Session, order: ServiceOrder, rules: Given) -> list[Facts]:
    product, fields = rules["products"].get(order.product), list[Facts]()
    if product is None:
        some = ", ".join(rules["products"])
        en = f"No product “{order.product}”: there are {some}"
        return [_said("product", f"没有产品“{order.product}”,可用:{some}", en)]
    if not product["is_sold"] and order.kind == "new":
        zh, en = f"{product['zh']}已停售", f"{product['en']} is not sold any more"
        fields.append(_said("product", f"{zh},请改用其他产品", f"{en}: choose another product"))
    least, most = product["megabits"]
    if not least <= order.megabits <= most:
        zh, en = f"{product['zh']}的带宽为 {least} 至 {most} Mbit/s", f"{product['en']} has"
        fields.append(_said("megabits", zh, f"{en} {least} to {most} Mbit/s"))
    for name in ("a_site", "z_site"):
        site = session.get(Site, getattr(order, f"{name}_id"))
        if site and product["sites"] and site.kind not in product["sites"]:
            zh = f"{site.name} 不能开通{product['zh']}"
            fields.append(_said(name, zh, f"{site.code} cannot carry {product['en']}"))
    return fields


def _require_alone(session: Session, order: ServiceOrder) -> None:
    open_one = select(ServiceOrder).where(ServiceOrder.open_key == order.open_key)
    if order.open_key and session.exec(open_one).first():
        raise _taken(order)
    if order.external_key and find_known(session, order.external_key):
        raise _taken(order)


def _taken(order: ServiceOrder) -> Conflict:
    return Conflict(
        "这条电路已有在途订单,或这个外部单号已受理;请先看那一张订单",
        "This circuit has an open order, or this number was taken in already: look at that order",
    )


def _plain(told: Given) -> Facts:
    return {k: v.isoformat() if isinstance(v, datetime) else v for k, v in told.items()}


def _said(field: str, zh: str, en: str) -> Facts:
    return {"field": field, "zh": zh, "en": en}
