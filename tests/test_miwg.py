"""The 21 reference files of the BPMN Model Interchange Working Group, at the gate.

They were drawn to be exchanged, not executed: none says who does its steps or what its conditions
are, so none may be published; each says why, with the element.
"""

import os
from pathlib import Path

import pytest
from lxml import etree

from bpmn.checks import Known, check, is_publishable
from bpmn.imports import convert
from records.region.groups import GROUPS

SHARED = Path(os.environ.get("BATON_SHARED", Path(__file__).parents[2] / "shared"))
FILES = sorted((SHARED / "data" / "miwg").glob("*.bpmn"))
WHY = {  # file: codes that must be among its errors; what would run wrong without them
    "A.1.0": {"nobody"},
    "A.2.0": {"nobody", "missing-condition"},
    "A.2.1": {"nobody", "hidden-split", "idle-condition"},
    "A.3.0": {"no-message", "no-start"},
    "A.4.0": {"not-executable"},
    "A.4.1": {"not-executable"},
    "B.1.0": {"not-executable"},
    "B.2.0": {"not-executable"},
    "C.1.0": {"needs-default", "unknown-group", "unknown-service"},
    "C.1.1": {"data-association", "does-not-compile"},
    "C.2.0": {"not-executable"},
    "C.3.0": {"unsupported-attribute", "missing-condition", "no-start"},
    "C.4.0": {"several-processes", "unsupported-event"},
    "C.5.0": {"data-association", "no-signal"},
    "C.6.0": {"unsupported-event", "no-message", "empty-code"},
    "C.7.0": {"instances-of-nothing", "unknown-decision"},
    "C.8.0": {"does-not-compile", "unknown-decision"},
    "C.8.1": {"does-not-compile", "unknown-decision"},
    "C.9.0": {"other-language", "unknown-diagram", "no-message"},
    "C.9.1": {"nobody"},
    "C.9.2": {"unknown-group", "unknown-diagram"},
}
NOT_OURS = "//*[namespace-uri() != 'http://www.omg.org/spec/BPMN/20100524/MODEL']"


@pytest.mark.skipif(not FILES, reason=f"no MIWG files below {SHARED}: set BATON_SHARED")
def test_all_files_are_there() -> None:
    assert [path.stem for path in FILES] == sorted(WHY)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_reference_file_is_refused_for_what_would_run_wrong(path: Path) -> None:
    converted, _ = convert(path.read_bytes())
    findings = check({path.name: converted}, Known(services=(), groups=GROUPS))
    assert WHY[path.stem] <= {f.code for f in findings if f.severity == "error"}
    assert all(f.zh and f.en and (f.element or f.name) for f in findings)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_with_every_name_known_it_is_still_refused(path: Path) -> None:
    converted, _ = convert(path.read_bytes())
    assert not is_publishable(check({path.name: converted}, Known()))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_conversion_keeps_layout_and_what_it_does_not_know(path: Path) -> None:
    before = etree.fromstring(path.read_bytes())
    after = etree.fromstring(convert(path.read_bytes())[0])
    kept, now = (
        [
            (e.tag, sorted(e.attrib.items()), (e.text or "").strip())
            for e in root.xpath(NOT_OURS)
            if "camunda" not in e.tag and "spiff" not in e.tag
        ]
        for root in (before, after)
    )
    assert now == kept
    assert convert(convert(path.read_bytes())[0])[1] == []
