"""Files that are broken, too large or meant to do harm: findings, quickly, in bounded memory."""

import random
import resource
import time

import pytest

from bpmn.checks import Known, check, is_publishable
from tests.checked import spoil
from tests.diagram_maker import (
    boundary,
    bundle,
    duration,
    gate,
    node,
    on,
    properties,
    script,
    service,
    subprocess,
)

GOOD = bundle(
    [
        *(node("userTask", name, properties(group="noc")) for name in "AB"),
        gate("g", default="A"),
        gate("h", "parallel"),
        gate("j", "parallel"),
        script("X", "n = 1"),
        service("Y", a="n"),
        subprocess("S", [node("userTask", "C", properties(group="noc"))], "s_S C e_S"),
        boundary("b", "S", on("error", "err")),
        boundary("c", "A", duration("PT1H")),
    ],
    "s g A h X j S e",
    "h Y j",
    ("g", "B", "n > 3"),
    "B e",
    "b e",
    "c e",
    extra='<bpmn:error id="err" errorCode="E"/>',
)["p.bpmn"]
HEAD = b'<?xml version="1.0" encoding="UTF-8"?>\n'
LAUGHS = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 12))
BPMN = b'xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="x"'


def named(value: bytes, declared: bytes) -> bytes:
    """The good diagram with an entity in an attribute and in a text."""
    text = GOOD.replace(b'name="A"', b'name="%s"' % value).replace(b"n = 1", value)
    return HEAD + b"<!DOCTYPE d [" + declared + b"]>" + text


FILES = {
    "billion laughs": (named(b"&l11;", b'<!ENTITY l0 "ha">' + LAUGHS), "doctype"),
    "quadratic blow-up": (named(b"&a;" * 5000, b'<!ENTITY a "%s">' % (b"a" * 50_000)), "doctype"),
    "a file of the machine": (named(b"&x;", b'<!ENTITY x SYSTEM "file:///etc/passwd">'), "doctype"),
    "a page of the network": (
        named(b"&x;", b'<!ENTITY x SYSTEM "http://127.0.0.1:9/">'),
        "doctype",
    ),
    "a parameter entity": (named(b"", b'<!ENTITY % x SYSTEM "file:///etc/passwd"> %x;'), "doctype"),
    "an outer DTD": (HEAD + b'<!DOCTYPE d SYSTEM "file:///etc/passwd">' + GOOD, "doctype"),
    "an unknown entity": (GOOD.replace(b'name="A"', b'name="&nobody;"'), "malformed-xml"),
    "nesting, 100,000 deep": (b"<a>" * 100_000 + b"</a>" * 100_000, "too-many-elements"),
    "nesting, 40,000 deep": (b"<a>" * 40_000 + b"</a>" * 40_000, "malformed-xml"),
    "subprocesses, 300 deep": (
        b"<definitions %s><process>" % BPMN + b"<subProcess>" * 300 + b"</subProcess>" * 300,
        "malformed-xml",
    ),
    "50 MB": (GOOD + b" " * 50_000_000, "too-large"),
    "a million elements": (b"<a>" + b"<b/>" * 499_000 + b"</a>", "too-many-elements"),
    "a million attributes": (
        b"<a " + b"".join(b'a%d="" ' % n for n in range(150_000)) + b"/>",
        "not-bpmn",
    ),
    "another encoding": (
        GOOD.decode().replace('name="A"', 'name="判断"').encode("gb18030"),
        "not-utf-8",
    ),
    "another encoding, declared": (b'<?xml version="1.0" encoding="gbk"?>' + GOOD, "not-utf-8"),
    "a wrong encoding, declared": (b'<?xml version="1.0" encoding="rot13"?>' + GOOD, "not-utf-8"),
    "UTF-16": (GOOD.decode().encode("utf-16"), "not-utf-8"),
    "UTF-16 without a mark": (GOOD.decode().encode("utf-16-le"), "malformed-xml"),
    "UTF-7": (b'<?xml version="1.0" encoding="utf-7"?>+ADwAIQ-DOCTYPE a+AD4-<a/>', "not-utf-8"),
    "NUL": (GOOD.replace(b'name="A"', b'name="A\0"'), "malformed-xml"),
    "only NUL": (b"\0" * 1000, "malformed-xml"),
    "another kind of XML": (b"<html><body/></html>", "not-bpmn"),
    "BPMN 1": (b'<definitions xmlns="http://schema.omg.org/spec/BPMN/1.0"/>', "not-bpmn"),
    "another root": (b"<process %s/>" % BPMN, "not-bpmn"),
    "an empty file": (b"", "malformed-xml"),
    "JSON": (b'{"type": "object"}', "malformed-xml"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "not-utf-8"),
    "half a file": (GOOD[: len(GOOD) // 2], "malformed-xml"),
    "no process": (b"<definitions %s/>" % BPMN, "no-process"),
    "the same id twice": (GOOD.replace(b'id="B"', b'id="A"'), "duplicate-id"),
    "against the schema": (
        GOOD.replace(b"<bpmn:userTask ", b"<bpmn:userTask wish='x' ", 1),
        "schema",
    ),
    "an element of no schema": (GOOD.replace(b"bpmn:userTask", b"bpmn:wishTask"), "schema"),
    "an action in a comment": (b"<!-- %s -->" % (b"x" * 100_000), "malformed-xml"),
}


@pytest.mark.parametrize("content, code", FILES.values(), ids=FILES.keys())
def test_a_hostile_file_is_a_finding(content: bytes, code: str) -> None:
    memory, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    findings = check({"a.bpmn": content}, Known())
    assert code in {found.code for found in findings}
    assert not is_publishable(findings)
    assert all(found.zh and found.en for found in findings)
    assert time.process_time() - started < 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < 150_000  # KB


def test_the_good_diagram_is_good() -> None:
    assert check({"a.bpmn": GOOD}, Known()) == []


def test_many_or_unknown_files_are_findings() -> None:
    assert [f.code for f in check({f"{n}.json": b"{}" for n in range(101)}, Known())] == [
        "too-many-files"
    ]
    assert "unknown-file" in {f.code for f in check({"a.exe": b"MZ"}, Known())}
    assert [f.code for f in check({}, Known())] == ["no-process"]


@pytest.mark.parametrize("seed", range(20))
def test_whatever_is_spoilt_in_a_file_is_a_finding_and_never_an_exception(seed: int) -> None:
    chance = random.Random(seed)
    """Nor does one that passes the rules stop the engine: a rule would be missing."""
    for _ in range(40):
        findings = check({"a.bpmn": spoil(GOOD, chance)}, Known(services={"op"}))
        assert not {"cannot-be-read", "cannot-be-run"} & {found.code for found in findings}
