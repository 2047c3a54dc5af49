"""A tour of activation: one order of each kind, new, change, move and cease, through the HTTP API
from intake to archive, by the people of the demo region.

python -m workflows tour activation: in a database of its own, gone afterwards. Prints what happened
when, how many visits it took, and where the time went.
"""

from collections.abc import Mapping
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine
from sqlmodel import col, select

from records import Circuit, Customer, Device, Hop, Site
from records.database import open_session
from tasks.orders.order_states import KINDS
from workflows import service_orders, stage
from workflows.clerk import Clerk
from workflows.replay import serve

PEOPLE = {  # group: who works in it
    "crc": "ada",
    "dispatch": "dora",
    "line": "liu",
    "access": "liu",
    "transport": "nora",
    "data": "nora",
    "nsm": "mei",
}
SKILLS = ("cabling", "router", "power")
TOOLS = ("power_meter", "ethernet_tester", "earth_tester")
CREW = ["liu", "nora"]  # equipped for the tour, as it must not depend on who is free
SOON, LASTS, DAY = timedelta(minutes=10), timedelta(hours=4), timedelta(days=1)
YEAR = timedelta(days=365)
Told = dict[str, Any]

console = Console()


def walk_activation() -> list[Told]:
    """What is told of each order."""
    password = "tour-of-baton-1"
    with stage.region(password, datetime.now(UTC)) as engine, ExitStack() as stack:
        port, places = stack.enter_context(serve()), _places(engine)
        clerks = {
            login: stack.enter_context(closing(Clerk(port, login, password)))
            for login in {*PEOPLE.values()}
        }
        tour = Tour(engine, clerks, places)
        tour.equip()
        told = [tour.order(kind) for kind in KINDS]
    _show(told)
    return told


class Tour:
    """Clerks who take an order from intake to archive."""

    def __init__(self, engine: Engine, clerks: Mapping[str, Clerk], places: Told) -> None:
        self.engine, self.clerks, self.places = engine, clerks, places
        self.dora, self.mei = clerks["dora"], clerks["mei"]
        self.ports = 0

    def equip(self) -> None:
        """Certificates for the crew, a van and instruments in calibration."""
        for login in CREW:
            for skill in SKILLS:
                self.mei.ask("PUT", f"/api/certificates/{login}/{skill}", {"level": 3})
        city = self.places["city"]
        van = {"code": "TOUR-VAN", "kind": "vehicle", "type": "van", "name": "工程车", "seats": 5}
        self.mei.post("/api/assets", van | {"city": city})
        now = datetime.now(UTC)
        for tool in TOOLS:
            asset = {"code": f"TOUR-{tool}", "kind": "instrument", "type": tool, "name": tool}
            self.mei.post("/api/assets", asset | {"city": city})
            times = {"at": now.isoformat(), "due_at": (now + YEAR).isoformat()}
            self.mei.post(f"/api/assets/TOUR-{tool}/calibration", times)

    def order(self, kind: str) -> Told:
        """From intake to archive; the order, and its times."""
        given = {"kind": kind, "customer": self.places["customer"]} | self.places[kind]
        order = self.clerks["ada"].post("/api/service-orders", given)
        place = f"/api/service-orders/{order['id']}"
        for _ in range(60):
            order = self.dora.get(place)
            if order["ended_at"]:
                break
            for one in order["work_orders"]:
                self._do(one, kind)
            self._visit(order["visits"])
            service_orders.go_on(self.engine, datetime.now(UTC))
        return {"order": order, "times": self.dora.get(f"{place}/times")}

    def _do(self, one: Told, kind: str) -> None:
        clerk = self.clerks[PEOPLE[one["group"]]]
        place = f"/api/work-orders/{one['id']}"
        form = clerk.get(place)["form_schema"]
        answers = form["examples"][0] | self._answers(one["element"], kind)
        clerk.post(f"{place}/acceptance")
        clerk.post(f"{place}/completion", {"answers": answers})

    def _answers(self, element: str, kind: str) -> Told:
        if element != "make_design":
            return {}
        self.ports += 1
        begins = datetime.now(UTC) + SOON
        windows = {f"window_{end}": _window(begins + n * DAY) for n, end in enumerate("az")}
        ports = [
            {"kind": "port", "object": code, "unit": f"T{self.ports}/{n}"}
            for n, code in enumerate(self.places["devices"], 1)
        ]
        told: Told = windows | {"needs_data": kind != "cease"}
        told |= {"allocations": ports if kind in ("new", "move") else []}
        return told | {"circuit_code": f"TOUR-{self.ports}", "needs_visit": kind != "change"}

    def _visit(self, visits: list[int]) -> None:
        """Crewed once it was explained; there once it was confirmed; done at once."""
        for key in visits:
            place = f"/api/visits/{key}"
            visit = self.dora.get(place)
            if visit["explained_at"] and visit["state"] == "planned":
                tools = sorted({tool for job in visit["jobs"] for tool in job["tools"]})
                things = [f"TOUR-{tool}" for tool in tools]
                crew = {"people": CREW, "vehicle": "TOUR-VAN", "instruments": things}
                self.dora.ask("PUT", f"{place}/crew", crew)
                self.dora.post(f"{place}/confirmation", {"who": "客户技术联系人"})
            elif visit["state"] == "crewed" and visit["confirmed_at"]:
                self.dora.post(f"{place}/start")
                results = {str(job["id"]): _result() for job in visit["jobs"]}
                self.dora.post(f"{place}/completion", {"results": results})


def _window(begins: datetime) -> Told:
    return {"starts_at": begins.isoformat(), "ends_at": (begins + LASTS).isoformat()}


def _result() -> Told:
    return {"is_done": True, "measured": {"is_good": True}}


def _places(engine: Engine) -> Told:
    """A customer who has two rooms in a city and three circuits of a kind that is sold; and what
    each order is about."""
    with open_session(engine, readonly=True) as session:
        sold = select(Circuit).where(col(Circuit.product).in_(("DIA", "MSTP", "IP-VPN")))
        rows = session.exec(sold.order_by(col(Circuit.customer_id), col(Circuit.id))).all()
        by_customer: dict[int, list[Circuit]] = {}
        for row in rows:
            by_customer.setdefault(row.customer_id, []).append(row)
        mine = next(found for found in by_customer.values() if len(found) >= 3)
        customer = session.get_one(Customer, mine[0].customer_id)
        a, z = (session.get_one(Site, key) for key in (mine[0].a_site_id, mine[0].z_site_id))
        far = session.get_one(Site, mine[1].a_site_id)
        passed = select(Device.code).join(Hop, col(Hop.device_id) == col(Device.id))
        devices = session.exec(
            passed.where(Hop.circuit_id == mine[0].id).distinct().order_by(col(Device.code))
        ).all()
        return {
            "customer": customer.code,
            "city": a.city,
            "devices": list(devices)[:2],
            "new": {"product": "DIA", "megabits": 100, "a_site": a.code, "z_site": z.code},
            "change": {"circuit": mine[0].code, "megabits": _other(mine[0].megabits)},
            "move": {"circuit": mine[1].code, "a_site": a.code, "z_site": far.code},
            "cease": {"circuit": mine[2].code},
        }


def _other(megabits: int) -> int:
    return 200 if megabits != 200 else 300


def _show(told: list[Told]) -> None:
    for each in told:
        order, times = each["order"], each["times"]
        title = f"{order['number']} {KINDS[order['kind']][0]} / {order['kind']}: {order['state']}"
        table = Table("At", "What", "About", "By", title=title)
        for moment in times["timeline"]:
            at = datetime.fromisoformat(moment["at"]).strftime("%H:%M:%S")
            table.add_row(at, moment["what"], moment["subject"], moment["by"])
        console.print(table)
    sums = Table("Order", "State", "Visits", "Waiting", "Work", "Verify", "On site", "Stopped",
                 title="Visits per activation, and segments in minutes")  # fmt: skip
    for each in told:
        order, times = each["order"], each["times"]
        minutes = [f"{value:g}" for value in times["segments"].values()]
        sums.add_row(order["kind"], order["state"], str(times["visits"]), *minutes)
    console.print(sums)
    visits = sum(each["times"]["visits"] for each in told)
    console.print(f"{visits / len(told):.2f} visits per order, {visits} in all")
