"""`python -m bpmn check`: what it prints, what it gathers, how it exits."""

from pathlib import Path

import orjson
import pytest

from bpmn.__main__ import main
from bpmn.bundles import gather
from tests.diagram_maker import bundle, node, process, properties

GOOD = bundle([node("userTask", "A", properties(group="noc"))], "s A e")["p.bpmn"]
BAD = bundle([], "s A e")["p.bpmn"]
FORM = b'{"type": "object"}'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("diagrams", "decisions", "forms"):
        (tmp_path / name).mkdir()
    return tmp_path / "diagrams"


def write(folder: Path, name: str, content: bytes) -> str:
    (folder / name).write_bytes(content)
    return str(folder / name)


def test_a_publishable_diagram_exits_with_0(folder: Path, capsys) -> None:
    name = write(folder, "good.bpmn", GOOD)
    assert main(["check", name]) == 0
    assert capsys.readouterr().out == f"{name}: 可以发布 / may be published\n"


def test_findings_are_grouped_by_file_in_both_languages(folder: Path, capsys) -> None:
    good, bad = write(folder, "good.bpmn", GOOD), write(folder, "bad.bpmn", BAD)
    assert main(["check", good, bad]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[1:3] == [f"{bad}: 不能发布 / may not be published", "  错误 / error [nobody] A"]
    assert "不在任何泳道里" in lines[3] and "is in no lane" in lines[4]


@pytest.mark.parametrize("lang, told", [("zh", "泳道"), ("en", "lane")])
def test_one_language_can_be_chosen(folder: Path, capsys, lang: str, told: str) -> None:
    main(["check", write(folder, "bad.bpmn", BAD), "--lang", lang])
    out = capsys.readouterr().out
    assert told in out and ("泳道" in out) != ("lane" in out)


def test_programs_get_json(folder: Path, capsys) -> None:
    name = write(folder, "bad.bpmn", BAD)
    assert main(["check", name, "--json"]) == 1
    [told] = orjson.loads(capsys.readouterr().out)
    assert (told["file"], told["is_publishable"]) == (name, False)
    assert told["findings"][0]["code"] == "nobody"


def test_an_unreadable_file_exits_with_2(folder: Path, capsys) -> None:
    assert main(["check", str(folder / "nope.bpmn")]) == 2
    assert main(["check", str(folder)]) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_a_foreign_file_is_converted_on_the_way(folder: Path, capsys) -> None:
    foreign = GOOD.replace(b'isExecutable="true"', b'isExecutable="false"')
    assert main(["check", write(folder, "foreign.bpmn", foreign)]) == 0
    assert "[conversion] p" in capsys.readouterr().out


def test_a_bundle_is_the_diagram_and_what_it_names(folder: Path) -> None:
    used = node("userTask", "A", properties(group="noc", form="used.json"))
    call = node("callActivity", "X", calledElement="q")
    name = write(folder, "main.bpmn", bundle([used, call], "s A X e")["p.bpmn"])
    called = bundle([], "s_1 B e_1")["p.bpmn"].replace(b'id="p"', b'id="q"')
    write(folder, "called.bpmn", called)
    write(folder, "other.bpmn", GOOD)
    write(folder.parent / "forms", "used.json", FORM)
    write(folder.parent / "forms", "unused.json", FORM)
    assert set(gather(Path(name)).files) == {"main.bpmn", "called.bpmn", "used.json"}


def test_a_lone_file_is_a_bundle_of_its_own(folder: Path) -> None:
    name = write(folder, "lone.bpmn", process("p", [], "s A e").encode())
    assert set(gather(Path(name)).files) == {"lone.bpmn"}
