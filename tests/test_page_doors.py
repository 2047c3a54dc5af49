"""Every page for people: who may see it, and that no other site can press its buttons."""

import re

import pytest

from api.deps import Guard
from api.pages.pages import MOST_FIELDS, PageRoute
from records import Person
from tasks.access.roles import PERMISSIONS

OPEN_TO_ALL = {"/sign-in"}
OWN = {"/", "/choices", "/sign-out"}  # of whoever is signed in


@pytest.fixture
def pages(app):
    return [route for route in app.routes if isinstance(route, PageRoute)]


def address(route):
    return min(route.methods - {"HEAD"}), re.sub(r"\{\w+\}", "1", route.path)


def test_every_page_names_who_may_see_it(pages):
    for route in pages:
        guards = [one.call for one in route.dependant.dependencies if isinstance(one.call, Guard)]
        if route.path not in OPEN_TO_ALL:
            assert len(guards) == 1, f"{route.path} is not guarded"
            assert (guards[0].permission in PERMISSIONS) != (route.path in OWN), route.path


def test_who_may_nothing_sees_nothing(pages, as_, session, cast, now):
    cast["nobody"] = Person(login="nobody", name="无名", roles=[], created_at=now)
    session.add(cast["nobody"])
    session.commit()
    nobody = as_("nobody")
    for route in pages:
        if route.path not in OPEN_TO_ALL | OWN:
            method, path = address(route)
            answer = nobody.request(method, path, headers={"Accept-Language": "en"})
            is_refused = answer.status_code == 403 and "You may not" in answer.text
            assert is_refused or answer.status_code == 422, path  # asked for without its question


def test_no_button_of_ours_can_be_pressed_from_another_site(pages, as_):
    root = as_("root")
    told = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    for route in pages:
        method, path = address(route)
        if method != "GET":
            assert root.request(method, path, headers=told).status_code == 403, path


def test_a_form_with_too_many_fields_is_refused(as_):
    root, many = as_("root"), "&".join(["a=1"] * (MOST_FIELDS + 1))
    for place in ("/choices", "/administration/people"):
        answer = root.post(place, content=many, headers={"Accept-Language": "en"})
        assert answer.status_code == 422 and "too many fields" in answer.text
