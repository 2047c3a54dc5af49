"""Files that are brought into inventory: row by row, safe to stop and repeat; and exports."""

import pytest
from sqlmodel import col, func, select

from records import Circuit, Customer, Device, Entry, Import, ImportFile, ImportRow
from records.database import open_session
from tasks.archive import imports
from tasks.archive.import_files import read_file
from tasks.archive.import_kinds import KINDS
from tasks.refusals import Invalid
from tests.asking import refused, wrong_fields
from workflows.imports import go_on

HEADER = "code,name,grade,city,account_manager"
FILE = f"""{HEADER}
C-1,海东银行,AA,海州,
C-2,海州医院,A,海州,dora
C-3,小店,B,海州,
C-4,学校,A,海州,nobody
C-2,海州医院二部,A,海州,
,无编码,A,海州,
C-5,x,A
C-6,'=1+1,A,海州,"""
WHERE = "/api/imports?kind=customers"


def given(client, text=FILE, query="", where=WHERE):
    content = text if isinstance(text, bytes) else text.encode()
    return client.post(where + query, content=content)


def rows_of(client, id, query=""):
    return client.get(f"/api/imports/{id}/rows{query}").json()["items"]


def test_each_row_is_written_or_refused_with_its_reason(engine, session, as_, now):
    mei = as_("mei")
    taken = given(mei).json()
    assert (taken["state"], taken["total"], taken["done"]) == ("running", 8, 0)
    assert go_on(engine, now) == 8
    told = mei.get(f"/api/imports/{taken['id']}").json()
    assert (told["added"], told["changed"], told["same"], told["refused"]) == (2, 1, 0, 5)
    why = [
        [field["field"] for field in row["fields"]]
        for row in rows_of(mei, taken["id"], "?outcome=refused")
    ]
    assert why == [["grade"], ["account_manager"], ["code"], ["code"], [""]]
    assert session.exec(select(Customer.name).where(Customer.code == "C-6")).one() == "=1+1"
    [entry] = session.exec(select(Entry).where(Entry.verb == "imported"))
    assert entry.particulars["changes"] == [{"field": "grade", "was": "AAA", "is": "AA"}]
    assert (
        session.exec(select(Customer.name_en).where(Customer.code == "C-1")).one() == "Haidong Bank"
    )


def test_the_same_file_again_changes_nothing_and_a_dry_run_writes_nothing(
    engine, session, as_, now
):
    mei, text = as_("mei"), f"{HEADER}\nC-1,海东银行,AA,海州,\nC-2,医院,A,海州,\n"
    tallies = []
    for query in ("&dry_run=true", "", ""):
        id = given(mei, text, query).json()["id"]
        go_on(engine, now)
        told = mei.get(f"/api/imports/{id}").json()
        tallies.append((told["added"], told["changed"], told["same"]))
        if query:
            assert session.exec(select(func.count()).select_from(Customer)).one() == 1
            session.rollback()
    assert tallies == [(1, 1, 0), (1, 1, 0), (0, 0, 2)]


@pytest.mark.parametrize(
    "text, field",
    [(b"code,name,colour\nC-9,x,red\n", "header"), (b"code\nC-9\n", "header"), (b"", "body"),
     (b'code,name\nC-8,y\nC-9,"x', "body"), (b"code,name\nC-8,y\nC-9", "body"),
     (b"code,name\n", "body")],
)  # fmt: skip
def test_a_file_with_wrong_columns_or_half_a_file_is_refused_as_a_whole(text, field):
    with pytest.raises(Invalid) as refusal:
        read_file(KINDS["customers"], text)
    assert [each["field"] for each in refusal.value.facts["fields"]] == [field]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_who_may_not_or_counts_otherwise_is_refused(as_):
    mei = as_("mei")
    assert wrong_fields(given(mei, query="&rows=9")) == ["rows"]
    refused(given(as_("liu")), 403)
    key = {"Idempotency-Key": "k"}
    twice = [mei.post(WHERE, content=FILE.encode(), headers=key).json()["id"] for _ in range(2)]
    assert twice[0] == twice[1]


def test_an_import_that_was_stopped_goes_on_where_it_was(engine, session, as_, now, monkeypatch):
    monkeypatch.setattr(imports, "PART", 2)
    mei = as_("mei")
    id = given(mei).json()["id"]
    with open_session(engine, readonly=True) as reading:
        file = imports.open_file(reading, reading.get_one(Import, id))
    with open_session(engine) as writing:
        assert imports.advance(writing, id, file, now=now)
    assert mei.post(f"/api/imports/{id}/stop").json()["done"] == 2
    assert go_on(engine, now) == 0
    refused(mei.post(f"/api/imports/{id}/stop"), 409)
    assert mei.post(f"/api/imports/{id}/continuation").is_success
    assert go_on(engine, now) == 6
    assert [row["row"] for row in rows_of(mei, id)] == list(range(1, 9))
    assert session.exec(select(ImportFile)).all() == []


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_exported_comes_back_as_it_is(engine, session, as_, now, kind):
    root = as_("root")
    content = root.get(f"/api/exports/{kind}").content
    id = given(root, content, where=f"/api/imports?kind={kind}").json()["id"]
    go_on(engine, now)
    assert {row["outcome"] for row in rows_of(root, id)} == {"same"}


def test_a_file_from_a_chinese_spreadsheet_is_read(engine, session, as_, now):
    text = "code,name\nC-7,海州学校\n".encode("gb18030")
    given(as_("mei"), text)
    go_on(engine, now)
    assert session.exec(select(Customer.name).where(Customer.code == "C-7")).one() == "海州学校"


def test_a_device_that_nobody_manages_any_more_takes_its_circuits_along(engine, session, as_, now):
    text = "code,name,site,kind,manageability\nHZ-1,东街-MSTP-01,HZ-DJ,aggregation,none\n"
    given(as_("mei"), text, where="/api/imports?kind=devices")
    go_on(engine, now)
    assert session.exec(select(Circuit.manageability)).one() == "none"
    assert session.exec(select(Device.manageability).order_by(col(Device.id))).all() == [
        "none",
        "full",
    ]
    assert session.exec(select(ImportRow.outcome)).one() == "changed"
