"""`make shots`: pictures of every page, in both languages, light and dark, under var/shots.

Over the demo region, in a home of its own. tests/test_pages.py sees that no page is left out.
"""

import os
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import sync_playwright
from rich.progress import track
from sqlmodel import select

from api.app import create_app
from api.beginning import prepare
from api.door import COOKIE
from bpmn import drafts, runs, tickets
from records import (
    AlarmGroup,
    AlarmSource,
    Circuit,
    Draft,
    Incident,
    Person,
    Report,
    Run,
    Ticket,
    WorkOrder,
)
from records.database import connect, home, open_session
from tasks import work_orders
from tasks.access import sign_ins
from tests.browsing import Browsing, find_chromium, served
from tests.fault_walks import example

PAGES = {  # path as its route has it: who looks at it
    "/sign-in": "",
    "/work-orders": "dora",
    "/work-orders/{order}": "dora",
    "/search?q=HZ": "dora",
    "/tickets": "dora",
    "/tickets/new": "ada",
    "/tickets/{ticket}": "dora",
    "/tickets/{ticket}/past": "mei",
    "/alarm-groups": "nora",
    "/alarm-groups/{group}": "nora",
    "/reports": "mei",
    "/reports/told-first": "mei",
    "/reports/hand-offs": "mei",
    "/reports/risks": "mei",
    "/reports/limits": "mei",
    "/reports/nightly": "mei",
    "/reports/nightly/{night}": "mei",
    "/runs": "mei",
    "/runs/{run}": "mei",
    "/incidents": "owen",
    "/incidents/{incident}": "owen",
    "/history": "root",
    "/history/files": "root",
    "/history/seals": "root",
    "/administration/people": "root",
    "/administration/people/new": "root",
    "/administration/people/liu": "root",
    "/administration/groups": "root",
    "/administration/groups/field": "root",
    "/administration/alarm-sources": "root",
    "/administration/alarm-sources/{source}": "root",
    "/administration/channels": "root",
    "/administration/policies": "root",
    "/administration/policies/calendars": "root",
    "/administration/flows": "root",
    "/administration/flows/shift": "root",
    "/diagrams": "owen",
    "/diagrams/fault_handling": "owen",
    "/diagrams/fault_handling/changes?old=1&new=1": "owen",
    "/drafts/{draft}": "owen",
    "/drafts/{draft}/texts/accept.json": "owen",
    "/drafts/{draft}/tables/fault_limit.dmn": "owen",
}
NOUNS = {
    "order": WorkOrder.id,
    "ticket": Ticket.id,
    "group": AlarmGroup.id,
    "run": Run.id,
    "incident": Incident.id,
    "draft": Draft.id,
    "night": Report.period,
    "source": AlarmSource.key,
}
LOOKS = [  # language, theme, width
    ("zh", "light", 1440),
    ("en", "light", 1440),
    ("zh", "dark", 1440),
    ("zh", "light", 390),
]


def main() -> None:
    chromium = find_chromium()
    if chromium is None:
        raise SystemExit("No Chromium was found: install one, or name it in BATON_CHROMIUM")
    into = home() / "shots"
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        engine = _make_region(folder)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        with served(create_app(engine)) as address:
            browsing = Browsing(browser, address)
            for path, login in track(_paths(engine).items(), "Pages"):
                for look in LOOKS:
                    _shoot(browsing, engine, path, login, *look, into=into)
            browsing.close()
        browser.close()
        engine.dispose()
    print(f"{len(list(into.rglob('*.png')))} pictures are in {into}")


def _make_region(folder):
    """The demo, with a few faults at different stages and a draft."""
    os.environ["BATON_HOME"] = folder
    engine = connect(f"sqlite:///{folder}/baton.db")
    prepare(engine)
    now = datetime.now(UTC)
    with open_session(engine) as session:
        people = {one.login: one for one in session.exec(select(Person))}
        for number, circuit in enumerate(session.exec(select(Circuit).limit(5)).all()):
            began = (now - timedelta(minutes=10 * number + 5)).isoformat()
            call = example("fault_intake.json") | {"circuit_code": circuit.code}
            tickets.report(session, call | {"started_at": began}, by=people["ada"], now=now)
        for order in session.exec(select(WorkOrder).limit(2)).all():
            work_orders.accept(session, order, by=people["dora"], now=now)
            runs.complete_order(session, order, example(order.form), by=people["dora"], now=now)
        drafts.begin(session, "fault_handling", by="owen", now=now)
    return engine


def _paths(engine):
    """Those of which there is something to show."""
    with open_session(engine, readonly=True) as session:
        ids = {noun: session.exec(select(key)).first() for noun, key in NOUNS.items()}
    known = {noun: str(key) for noun, key in ids.items() if key is not None}
    paths = {}
    for path, login in PAGES.items():
        try:
            paths[path.format(**known)] = login
        except KeyError as missing:
            print(f"not shown, as the demo has none: {path} ({missing})")
    return paths


def _shoot(browsing, engine, path, login, language, theme, width, *, into: Path):
    cookies = {"theme": theme}
    if login:
        with open_session(engine) as session:
            person = session.exec(select(Person).where(Person.login == login)).one()
            cookies[COOKIE] = sign_ins.sign_in(session, person, now=datetime.now(UTC))
    page = browsing.open(language=language, width=width, **cookies)
    page.goto(path)
    if page.locator("[data-island]").count():
        page.locator("[data-island][data-ready]").first.wait_for()
    name = path.partition("?")[0].strip("/").replace("/", "-")
    folder = into / f"{language}-{theme}-{width}"
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{name}.png", full_page=True)
    page.context.close()


if __name__ == "__main__":
    main()
