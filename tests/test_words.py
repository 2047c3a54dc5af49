"""What is written down is what is there."""

from pathlib import Path

import pytest

from bpmn.sandbox import FUNCTIONS
from tasks.services import SERVICES

ROOT = Path(__file__).parent.parent
AUTHORS = (ROOT / "docs/writing-diagrams.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_is_in_the_authors_page(service):
    assert f"`{service}`" in AUTHORS


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_function_is_in_the_authors_page(function):
    assert function in AUTHORS


@pytest.mark.parametrize("page", sorted((ROOT / "docs/decisions").glob("0*.md")))
def test_every_decision_is_in_the_index_and_starts_with_its_title(page):
    assert page.name in (page.parent / "README.md").read_text(encoding="utf-8")
    assert page.read_text(encoding="utf-8").startswith("# ")


def test_every_link_between_our_pages_leads_somewhere():
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for link in page.read_text(encoding="utf-8").split("](")[1:]:
            target = link.split(")")[0].split("#")[0]
            if target and "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"
