"""What people do all day, done in a real browser: dispatchers, engineers, owners of diagrams."""

from datetime import timedelta

import pytest
from playwright.sync_api import sync_playwright
from sqlmodel import select

from api.door import COOKIE
from api.pages.paper import STATIC
from bpmn import library, tickets
from records import Person, WorkOrder
from records.database import open_session
from tasks.access import sign_ins
from tasks.sla import clocks
from tests.asking import publish
from tests.browsing import Browsing, find_chromium, served
from tests.fault_walks import FAULT, example

pytestmark = [pytest.mark.browser, pytest.mark.one_database]
HAS_EDITOR = (STATIC / "built" / "parts.json").exists()


@pytest.fixture(scope="module")
def chromium():
    path = find_chromium()
    if path is None:
        pytest.skip("NO BROWSER: no Chromium was found (BATON_CHROMIUM), so no journey was made")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def browse(app, engine, cast, now, chromium):
    """`browse("dora")` is a page that Dora is signed in on; `browse(None)` one of nobody's."""
    with served(app) as address:
        browsing = Browsing(chromium, address)

        def open_page(login, *, language="en", width=1280):
            cookies = {}
            if login:
                with open_session(engine) as session:
                    cookies[COOKIE] = sign_ins.sign_in(session, cast[login], now=now)
            return browsing.open(language=language, width=width, **cookies)

        yield open_page
        browsing.close()
    assert browsing.troubles == []


@pytest.fixture
def order(session, cast, now):
    publish(session, now, FAULT)
    call = {**example("fault_intake.json"), "circuit_code": "HD-DIA-1"}
    tickets.report(session, call | {"started_at": now.isoformat()}, by=cast["ada"], now=now)
    session.commit()
    clocks.catch_up(session, now=now)
    order = session.exec(select(WorkOrder)).one()
    session.commit()  # on SQLite whoever begins holds up others who write
    return order


def state_of(session, order):
    session.expire_all()
    state = session.get_one(WorkOrder, order.id).state
    session.commit()
    return state


def test_sign_in_and_accept_by_keyboard(browse, order, session, cast, hasher):
    cast["ada"].password_hash = hasher.hash("correct horse")
    session.add(cast["ada"])
    session.commit()
    page = browse(None)
    page.goto("/work-orders")
    page.keyboard.type("ada")
    page.keyboard.press("Tab")
    page.keyboard.type("correct horse")
    page.keyboard.press("Enter")
    page.locator("[data-accept]").wait_for()
    page.keyboard.press("j")
    page.keyboard.press("a")
    page.locator(".state.accepted").wait_for()
    assert state_of(session, order) == "accepted"
    page.keyboard.press("j")
    page.keyboard.press("o")
    page.wait_for_url(f"**/work-orders/{order.id}")


def test_a_form_with_an_error_first_then_sent(browse, order, session):
    page = browse("ada")
    page.goto(f"/work-orders/{order.id}")
    page.get_by_role("button", name="Accept").click()
    page.locator("[name='answers.phone']").fill("#")
    page.locator("[name='answers.contact']").fill("王敏")
    page.get_by_role("button", name="Send", exact=True).click()
    wrong = page.locator("[name='answers.phone']")
    assert wrong.get_attribute("aria-invalid") == "true"
    assert page.evaluate("document.activeElement.getAttribute('aria-invalid')") == "true"
    assert page.locator("[name='answers.contact']").input_value() == "王敏"
    wrong.fill("000-1")
    page.locator("[name='answers.confirmed'][value=yes]").check()
    page.get_by_role("button", name="Send", exact=True).click()
    page.wait_for_load_state()
    assert state_of(session, order) == "closed"


def test_suspending_wants_evidence(browse, order, session, now):
    page = browse("dora")
    page.goto(f"/work-orders/{order.id}")
    page.get_by_role("button", name="Accept").click()
    page.locator("summary", has_text="Suspend").click()
    later = now + timedelta(hours=9)  # 11:14 in Shanghai
    page.locator("#stop").select_option("no_access")
    page.locator("#resume_at").fill(f"{later:%Y-%m-%dT%H:%M}")
    page.locator("[name=customer_told]").check()
    page.get_by_role("button", name="Suspend").click()
    assert page.get_by_role("alert").is_visible() and state_of(session, order) == "accepted"
    page.locator("#evidence").fill("02:40 called the concierge, nobody there")
    page.get_by_role("button", name="Suspend").click()
    page.locator(".facts .state.suspended").wait_for()
    assert state_of(session, order) == "suspended"


def test_several_are_given_away_together_by_keyboard_and_taken_back(browse, order, session):
    page = browse("dora")
    page.goto("/work-orders?queue=crc")
    for key in "jxt":
        page.keyboard.press(key)
    page.get_by_role("radio", name="Ada").check()  # suggested, with reasons
    page.locator("#together button[value=reassign]").click()
    assert "Say why" in page.locator("#b-why-told").inner_text()
    page.locator("#b-why").fill("near")
    page.locator("#b-to").fill("ada")
    page.locator("#together button[value=reassign]").click()
    page.locator(".batch", has_text="1 done, 0 refused").wait_for()
    assert page.locator("[data-row] td", has_text="ada").count() == 1
    page.keyboard.press("u")
    page.locator(".batch", has_text="Undone").wait_for()
    assert page.locator("[data-row] td", has_text="ada").count() == 0


def test_language_and_theme_change_in_place(browse, order):
    page = browse("dora")
    page.goto("/work-orders?queue=crc")
    page.get_by_role("button", name="中文").click()
    assert page.locator("h1").inner_text() == "工单" and "queue=crc" in page.url
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="深色").click()
    page.wait_for_selector("[data-theme=dark]")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before


def test_the_worklist_fits_a_phone(browse, order):
    page = browse("ada", language="zh", width=390)
    page.goto("/work-orders")
    page.get_by_role("link", name="受理申告").first.click()
    page.get_by_role("button", name="接单").click()
    for path in ("/work-orders", f"/work-orders/{order.id}", f"/tickets/{order.ticket_id}"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path


@pytest.mark.skipif(not HAS_EDITOR, reason="NO EDITOR: make setup has not built it (no network?)")
def test_a_diagram_is_changed_mended_compared_reviewed_and_new_runs_use_it(
    browse, session, cast, now
):
    publish(session, now, FAULT)
    cast["olga"] = Person(login="olga", name="Olga", roles=["process_owner"], created_at=now)
    session.add(cast["olga"])
    session.commit()
    page = browse("owen")
    page.goto("/diagrams/fault_handling")
    page.wait_for_selector("[data-island=viewer][data-ready]")
    page.get_by_role("button", name="Change it").click()
    page.wait_for_selector("[data-island=editor][data-ready]")

    choose(page, "judge")
    set_field(page, "name", "研判 / Assess")
    choose(page, "take_judgement")
    set_field(page, "parameter-judgement", "import os")
    page.locator(".finding.error").first.wait_for()
    set_field(page, "parameter-judgement", "judgement")
    page.locator("[data-island=editor][data-errors='0']").wait_for()
    page.locator("#save").click()
    page.locator("#told", has_text="Saved").wait_for()

    page.reload()
    assert page.get_by_text("研判 / Assess").count() or page.get_by_text("Assess").count()
    page.locator("#reason").fill("clearer")
    page.get_by_role("button", name="Offer").click()
    review = browse("olga")
    review.goto(page.url)
    review.get_by_role("button", name="Accept and publish").click()
    review.wait_for_url("**/diagrams/fault_handling")
    session.expire_all()
    assert library.current(session, "fault_handling").number == 2


def choose(page, element):
    page.evaluate(
        """(id) => {
            const { modeler } = document.querySelector('[data-island=editor]');
            modeler.get('selection').select(modeler.get('elementRegistry').get(id));
        }""",
        element,
    )


def set_field(page, name, value):
    field = page.locator(f"#field-{name}")
    if field.evaluate("one => one.tagName") == "SELECT":
        field.select_option(value)
    else:
        field.fill(value)
        field.press("Tab")
