"""The islands: what the panel says has its Chinese, and what the build needs is as it must be."""

import json
import re
from pathlib import Path

import pytest

ISLANDS = Path(__file__).parent.parent / "api" / "islands"
CHINESE = dict(
    re.findall(r'^  "(.+?)": "(.+?)",$', (ISLANDS / "words.js").read_text("utf-8"), re.M)
)
LABEL = re.compile(r'label: "([^"]+)"|"(?:[\w-]+)", "([A-Z][^"]+)"|groups\.push\(\["([^"]+)"')


def labels():
    text = (ISLANDS / "fields.js").read_text("utf-8")
    return sorted({next(filter(None, found)) for found in LABEL.findall(text)})


def test_the_panel_has_labels_to_look_at():
    assert {"Form", "Clock", "Decision table", "Work order"} <= set(labels())


@pytest.mark.parametrize("words", labels())
def test_each_label_of_the_panel_has_its_chinese(words):
    assert CHINESE[words] != words


def test_versions_are_exact_and_no_address_is_locked():
    asked = json.loads((ISLANDS / "package.json").read_text())
    versions = {**asked["dependencies"], **asked["devDependencies"]}.values()
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions)
    assert '"resolved"' not in (ISLANDS / "package-lock.json").read_text()
