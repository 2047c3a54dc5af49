"""Decision tables: hit policies, cells, overlaps and gaps, and what a hostile table gets."""

import copy
import random
import time
from collections.abc import Sequence
from itertools import product
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpmn.dmn import BadDecisions, DecisionFailed, DecisionTable, read_tables
from bpmn.dmn.columns import Column, Input
from bpmn.dmn.grammar import read_cell

SPACE = "https://www.omg.org/spec/DMN/20191111/MODEL/"
AT_ONCE = [['"AA"', "-", "1"], ["-", '"outage"', "2"]]


def entry(tag: str, text: str) -> str:
    return f"<{tag}><text>{escape(text)}</text></{tag}>"


def decision(
    inputs: Sequence[str],
    outputs: Sequence[str],
    rows: Sequence[Sequence[str]],
    policy: str = "UNIQUE",
    *,
    name: str = "t",
    types: Sequence[str] = (),
    allowed: Sequence[str] = (),
    order: str = "",
    requires: Sequence[str] = (),
    default: str = "",
) -> str:
    """One decision element. `policy` may end in an aggregation: "COLLECT SUM"."""
    hit, _, aggregation = policy.partition(" ") if "COLLECT " in policy else (policy, "", "")
    made = f'<decision id="{name}" name="表 {name}">'
    for each in requires:
        made += (
            f'<informationRequirement><requiredDecision href="#{each}"/></informationRequirement>'
        )
    made += f'<decisionTable hitPolicy="{hit}"'
    made += f' aggregation="{aggregation}">' if aggregation else ">"
    for at, expression in enumerate(inputs):
        kind = f' typeRef="{types[at]}"' if types else ""
        made += f'<input id="i{at}"><inputExpression{kind}>'
        made += f"<text>{escape(expression)}</text></inputExpression>"
        made += entry("inputValues", allowed[at]) if allowed else ""
        made += "</input>"
    for output in outputs:
        made += f"<output name={quoteattr(output)}>"
        made += entry("outputValues", order) if order else ""
        made += entry("defaultOutputEntry", default) if default else ""
        made += "</output>"
    for number, row in enumerate(rows, 1):
        made += f'<rule id="r{number}"><description>note {number}</description>'
        made += "".join(entry("inputEntry", cell) for cell in row[: len(inputs)])
        made += "".join(entry("outputEntry", cell) for cell in row[len(inputs) :]) + "</rule>"
    return made + "</decisionTable></decision>"


def definitions(*decisions: str, space: str = SPACE) -> bytes:
    return f'<definitions xmlns="{space}" id="d">{"".join(decisions)}</definitions>'.encode()


def table(*args: object, **options: object) -> DecisionTable:
    return read_tables(definitions(decision(*args, **options)))["t"]  # type: ignore[arg-type]


def codes(made: DecisionTable) -> list[tuple[str, str]]:
    return [(each.severity, each.code) for each in made.findings()]


# policies


def test_a_decision_tells_an_auditor_what_happened() -> None:
    made = table(["ticket.grade", "impact"], ["restore", "told"], [['"AA"', "-", "180", "impact"]])
    found = made.decide({"ticket": {"grade": "AA"}, "impact": "outage"})
    assert found.result == {"restore": 180, "told": "outage"}
    assert found.rows == (1,) and found.notes == ("note 1",)
    assert (found.table, found.name, found.policy) == ("t", "表 t", "UNIQUE")
    assert found.inputs == {"ticket.grade": "AA", "impact": "outage"}


def test_unique_fails_when_two_rows_match_and_names_them() -> None:
    made = table(["grade", "impact"], ["a"], [["? == 'AA'", "-", "1"], ["-", '"outage"', "2"]])
    assert made.decide({"grade": "AA", "impact": "degraded"}).rows == (1,)
    with pytest.raises(DecisionFailed) as failed:
        made.decide({"grade": "AA", "impact": "outage"})
    assert failed.value.rows == (1, 2)
    assert "1、2" in failed.value.zh and "Rows 1, 2" in failed.value.en


def test_a_table_with_an_error_among_its_findings_does_not_decide() -> None:
    made = table(["grade"], ["a"], [["AA", "1"]])
    with pytest.raises(DecisionFailed, match="not quoted"):
        made.decide({"grade": "AA"})


def test_first_takes_the_first_row_and_asks_no_further() -> None:
    rows = [["> 5", "-", "1"], ["> 1", "-", "2"], ["-", "? == missing", "3"]]
    made = table(["n", "m"], ["a"], rows, "FIRST")
    assert made.decide({"n": 9, "m": 0}).result == {"a": 1}
    assert made.decide({"n": 2, "m": 0}).rows == (2,)
    with pytest.raises(DecisionFailed, match=r"Row 3: .*missing") as failed:
        made.decide({"n": 0, "m": 0})
    assert failed.value.rows == (3,)


def test_any_wants_rows_that_agree() -> None:
    made = table(["n"], ["a"], [["> 5", "1"], ["> 1", "k"], ["< 0", "[1]"]], "ANY")
    assert made.decide({"n": 9, "k": 1}).rows == (1, 2)
    assert made.decide({"n": -1}).result == {"a": [1]}
    for other in (2, True, "1"):
        with pytest.raises(DecisionFailed, match="disagree"):
            made.decide({"n": 9, "k": other})


def test_priority_goes_by_the_order_of_the_output_values() -> None:
    rows = [["> 1", '"low"'], ["> 5", '"high"'], ["> 3", '"high"']]
    made = table(["n"], ["a"], rows, "PRIORITY", order='"high", "low"')
    assert made.decide({"n": 9}).rows == (2,)
    assert made.decide({"n": 4}).rows == (3,)
    assert made.decide({"n": 2}).result == {"a": "low"}
    assert made.decide({"n": 0}).result == {}


@pytest.mark.parametrize(
    ("policy", "hit", "miss"),
    [
        ("COLLECT", [3, 4], []),
        ("RULE ORDER", [3, 4], []),
        ("COLLECT SUM", 7, 0),
        ("COLLECT MIN", 3, None),
        ("COLLECT MAX", 4, None),
        ("COLLECT COUNT", 2, 0),
    ],
)
def test_collect_takes_all_rows(policy: str, hit: object, miss: object) -> None:
    made = table(["n"], ["a"], [["> 1", "3"], ["> 5", "n - 5"]], policy)
    assert made.decide({"n": 9}).result == {"a": hit}
    assert made.decide({"n": 9}).rows == (1, 2)
    assert made.decide({"n": 0}).result == {"a": miss}
    assert made.findings() == []


def test_collect_gives_a_list_for_each_output() -> None:
    made = table(["n"], ["at", "to"], [["-", "50", '"lead"'], ["-", "75", '"city"']], "COLLECT")
    assert made.decide({"n": 1}).result == {"at": [50, 75], "to": ["lead", "city"]}


def test_only_numbers_are_summed() -> None:
    made = table(["n"], ["a"], [["-", "true"], ["-", "1"]], "COLLECT SUM")
    with pytest.raises(DecisionFailed, match="aggregate"):
        made.decide({"n": 1})


def test_no_row_is_an_empty_result_or_the_default() -> None:
    assert table(["n"], ["a"], [["1", "2"]]).decide({"n": 2}).result == {}
    made = table(["n"], ["a"], [["1", "2"]], default="n + 1")
    assert made.decide({"n": 2}).result == {"a": 3} and made.decide({"n": 2}).rows == ()
    assert made.findings() == []


# cells


@pytest.mark.parametrize(
    ("cell", "yes", "no"),
    [
        ("", [1, "a", None, [1]], []),
        ("-", [1, "a", None, {}], []),
        ('"AA"', ["AA"], ["A", None, ["AA"]]),
        ("'AA'", ["AA"], ["aa"]),
        ('"a \\"b\\""', ['a "b"'], ["a b"]),
        ('"AA", "A"', ["AA", "A"], ["AA, A", ""]),
        ('"a,b", "c"', ["a,b", "c"], ["a", "b"]),
        ("5", [5, 5.0], [True, "5", 4]),
        ("-5.5", [-5.5], [5.5]),
        ("1", [1], [True]),
        ("true", [True], [1, "true", False]),
        ("False", [False], [0, None, True]),
        ("null", [None], [0, "", False]),
        ("None", [None], ["None"]),
        ("PT2H", ["PT2H"], ["PT3H"]),
        ("2026-08-01", ["2026-08-01"], ["2026-08-02"]),
        ("< 5", [4.9, -1], [5, "4", None, True]),
        ("<= 5", [5], [5.1]),
        (">5", [6], [5]),
        (">= 5", [5], [4]),
        ("!= 5", [4, "5", None], [5]),
        ("= 5", [5], [4]),
        ('>= "b"', ["b", "c"], ["a", 1]),
        ("< 2026-08-01", ["2026-07-31"], ["2026-08-01"]),
        ("[1..5]", [1, 3.5, 5], [0.9, 5.1, "3"]),
        ("(1..5]", [1.1, 5], [1]),
        ("[1..5)", [1], [5]),
        ("]1..5[", [3], [1, 5]),
        ("[2026-08-01..2026-09-01)", ["2026-08-31"], ["2026-09-01"]),
        ("]1..5[, [8..9], 12", [2, 8, 12], [5, 7, 10]),
        ('not("AA", "A")', ["std", None, 1], ["AA", "A"]),
        ("not(< 3)", [3, "a"], [2]),
        ("not(not(1))", [1], [2]),
        ("? > 3 and n < 2", [4], [3]),
        ("not (? in names)", ["z"], ["x"]),
        ("? in names", ["x"], ["z", "?"]),
        ("'?' in ?", ["a?"], ["a"]),
        ("len(?) > 2, 'z'", ["abc", "z"], ["ab"]),
        ("< n + 1 and ? > 0", [1], [2, 0]),
        ("[n..n * 3]", [1, 3], [0, 4]),
        ("data.limit", [7], [8]),
        ("names", ["x", "y"], ["z"]),
        ("['x', 'y']", ["x"], ["z"]),
        ("n == 1", [5, "a"], []),
        ("n == 2", [], [5, "a"]),
    ],
)
def test_a_cell_takes(cell: str, yes: list[object], no: list[object]) -> None:
    cell = {"names": "? in names"}.get(cell, cell)
    made = table(["v"], ["a"], [[cell, "1"]], "FIRST")
    data = {"n": 1, "names": ["x", "y"], "data": {"limit": 7}}
    assert [value for value in yes if not made.decide(data | {"v": value}).rows] == []
    assert [value for value in no if made.decide(data | {"v": value}).rows] == []


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("AA", 'write "AA"'),
        ("AA, A", 'write "AA"'),
        ("高", 'write "高"'),
        ("“AA”", "plain quotes"),
        ('"AA"，"A"', "plain quotes"),
        ("[5..1]", "wrong way"),
        ('[1.."b"]', "different kinds"),
        ("< PT2H", "minutes"),
        ('> "P1D"', "minutes"),
        ("< true", "order"),
        ("1,,2", "between two commas"),
        ("> 3 and < 5", "invalid syntax"),
        ("1 2", "invalid syntax"),
        ('date("2026-01-01")', "no function named date"),
        ("9" * 400, "too large"),
        ('"\\q"', "escape"),
        ("? in " + "(" * 1990, "nested"),
        ("1" * 3000, "2000 characters"),
        ("(lambda: 1)()", "by its name"),
        ("?.__class__", "__class__"),
        ("_getattr_(?, 'x')", "named _getattr_"),
        ("? == __import__('os')", "__import__"),
    ],
)
def test_a_bad_cell_is_a_finding_that_says_what_to_write(cell: str, told: str) -> None:
    (found,) = table(["v"], ["a"], [["-", "1"], [cell, "2"]], "FIRST").findings()
    assert (found.severity, found.code) == ("error", "dmn-cell")
    assert "Row 2, v" in found.en and told in found.en and "第 2 行" in found.zh


def test_outputs_are_literals_or_expressions() -> None:
    row = ["-", "PT2H", "2", "true", "", "{'a': [n, hours(n)]}", "grade"]
    made = table(["grade"], list("abcdef"), [row])
    assert made.decide({"grade": "AA", "n": 2}).result == {
        "a": "PT2H",
        "b": 2,
        "c": True,
        "d": None,
        "e": {"a": [2, "PT2H"]},
        "f": "AA",
    }
    assert made.findings() == []


def test_an_output_that_is_a_bare_word_is_asked_about() -> None:
    assert codes(table(["n"], ["a"], [["-", "gold"]])) == [("warning", "dmn-cell")]
    assert codes(table(["n"], ["a"], [["-", "lambda"]])) == [("error", "dmn-cell")]


def test_deciding_changes_no_data_and_shares_none() -> None:
    data = {"x": [[1]], "n": 1}
    before = copy.deepcopy(data)
    made = table(["n"], ["a"], [["? == x.pop()[0]", "x"]], "FIRST")
    made.decide(data).result["a"].append(2)
    assert data == before


def test_a_missing_input_is_a_failure_that_names_it() -> None:
    with pytest.raises(DecisionFailed, match=r"Input grad: .*grade"):
        table(["grad"], ["a"], [["-", "1"]]).decide({"grade": "AA"})


# findings


def sentences(made: DecisionTable, code: str) -> list[str]:
    return [each.en for each in made.findings() if each.code == code]


def test_an_overlap_is_an_error_for_unique_and_names_rows_and_values() -> None:
    made = table(["grade", "impact"], ["a"], AT_ONCE)
    (found,) = [each for each in made.findings() if each.code == "dmn-overlap"]
    assert found.severity == "error" and found.element == "r2"
    assert "Rows 1 and 2 overlap: grade = 'AA', impact = 'outage'" in found.en
    assert "第 1 行与第 2 行重叠" in found.zh


@pytest.mark.parametrize(
    ("one", "other", "where"),
    [
        ("[0..10]", "[10..20]", "n = 10"),
        ("< 5", "> 3", "3 < n < 5"),
        ('not("a")', 'not("b")', "n = anything else"),
        ("-", "null", "n = null"),
        ("true", "true, false", "n = true"),
        (">= 2026-01-01", "< 2026-02-01", "n = 2026-01-01"),
    ],
)
def test_overlaps_are_found_in_all_kinds_of_cells(one: str, other: str, where: str) -> None:
    (told,) = sentences(table(["n"], ["a"], [[one, "1"], [other, "2"]]), "dmn-overlap")
    assert f": {where}." in told.replace("'", "")


@pytest.mark.parametrize(
    ("one", "other"),
    [("[0..10)", "[10..20]"), ('"a"', 'not("a")'), ("1", "true"), ("<= 5", "> 5"), ("1", '"1"')],
)
def test_neighbours_do_not_overlap(one: str, other: str) -> None:
    assert not sentences(table(["n"], ["a"], [[one, "1"], [other, "2"]]), "dmn-overlap")


def test_an_overlap_is_a_warning_for_any_only_if_results_differ() -> None:
    made = table(["n"], ["a"], [["> 1", "1"], ["> 2", "1"], ["> 3", "2"], ["<= 1", "0"]], "ANY")
    overlaps = [each for each in made.findings() if each.code == "dmn-overlap"]
    assert [each.severity for each in overlaps] == ["warning"] * 2


def test_a_row_under_rows_that_cover_it_is_a_warning_for_first() -> None:
    rows = [["<= 5", "-", "1"], ["> 5", '"a"', "2"], ["> 5", "-", "3"], ["-", "-", "4"]]
    found = table(["n", "m"], ["a"], rows, "FIRST", types=["number", "string"]).findings()
    assert [(each.code, each.element) for each in found] == [("dmn-unreachable-row", "r4")]


def test_a_value_that_is_not_allowed_can_never_match() -> None:
    made = table(["g"], ["a"], [['"A"', "1"], ['"B"', "2"], ['"C"', "3"]], allowed=['"A", "B"'])
    assert codes(made) == [("warning", "dmn-unreachable-row")]


def test_a_gap_is_named_by_its_values() -> None:
    rows = [['"AAA"', '"outage"', "1"], ['"AA"', '"outage"', "2"], ['"AAA"', '"degraded"', "3"]]
    limits = {"allowed": ['"AAA", "AA"', '"outage", "degraded"']}
    made = table(["grade", "impact"], ["a"], rows, **limits)
    (told,) = sentences(made, "dmn-gap")
    assert "No row for grade = 'AA', impact = 'degraded'" in told
    assert ("warning", "dmn-no-catch-all") in codes(made)
    whole = [*rows, ['"AA"', '"degraded"', "4"]]
    assert table(["grade", "impact"], ["a"], whole, **limits).findings() == []


@pytest.mark.parametrize(
    ("cells", "types", "gap"),
    [
        (["< 5", "> 5"], [], "n = 5"),
        (["<= 5", ">= 6"], [], "5 < n < 6"),
        (["<= 5", ">= 6"], ["integer"], None),
        (["[0..9]", "> 9"], ["integer"], "n < 0"),
        (['"a"', '"b"'], [], "n = anything else"),
        (["true"], ["boolean"], "n = false"),
        (["true", "false"], [], None),
        (["not(null)"], [], "n = null"),
        (["-"], [], None),
        (["< 2026-01-01", ">= 2026-02-01"], [], "n = '2026-01-01'"),
    ],
)
def test_gaps_are_found_in_all_kinds_of_cells(
    cells: list[str], types: list[str], gap: str | None
) -> None:
    made = table(["n"], ["a"], [[cell, "1"] for cell in cells], types=types)
    told = sentences(made, "dmn-gap")
    assert any(f"No row for {gap}:" in each for each in told) if gap else told == []


def test_a_catch_all_row_leaves_no_gap() -> None:
    rows = [['"AA"', "> 3", "1"], ["-", "-", "2"]]
    assert table(["grade", "n"], ["a"], rows, "FIRST").findings() == []


def test_rows_with_computed_cells_are_left_out_with_a_note() -> None:
    made = table(["n"], ["a"], [["? > m", "1"], ["1", "2"]])
    assert codes(made)[0] == ("note", "dmn-computed")
    assert {severity for severity, _ in codes(made)} == {"note"}


def test_a_search_for_gaps_that_is_too_large_says_so() -> None:
    chance, width = random.Random(0), 40
    rows = [["-"] * width + ["1"] for _ in range(300)]
    for row in rows:
        for at in chance.sample(range(width), 3):
            row[at] = chance.choice(["true", "false"])
    names = [f"c{at}" for at in range(width)]
    made = table(names, ["a"], rows, "FIRST", types=["boolean"] * width)
    assert codes(made) == [("note", "dmn-bound")]


CELLS = ["-", "1", "2, 4", "< 2", ">= 3", "(1..4]", "not(2)", '"a"', '"a", "b"', 'not("b")',
         '>= "b"', "null", "not(null)", "true", "false, 3", "not(not(1), true)"]  # fmt: skip
VALUES = [0, 1, 1.5, 2, 3, 4, 5.0, "a", "aa", "b", "c", "", None, True, False, [1], {}]


@given(st.lists(st.sampled_from(CELLS), min_size=1, max_size=8), st.sampled_from(VALUES))
def test_classes_of_values_match_as_the_cells_do(cells: list[str], value: object) -> None:
    column = Column(Input("n", "n"), [read_cell(cell) for cell in cells])
    taken = [cell.matches(value, {}) for cell in column.cells]
    assert [bool(column.rows_for(value) >> row & 1) for row in range(len(cells))] == taken


@given(st.lists(st.tuples(*[st.sampled_from(CELLS)] * 2), min_size=1, max_size=8))
def test_what_the_findings_say_is_so(cells: list[tuple[str, str]]) -> None:
    rows = [[*row, str(number)] for number, row in enumerate(cells)]
    made = table(["n", "m"], ["a"], rows, "RULE ORDER")
    said = table(["n", "m"], ["a"], rows)
    expected = [[v for v in VALUES if c.domain() >> c.place(v) & 1] for c in made.columns]
    hits = [made.decide({"n": n, "m": m}).rows for n, m in product(*expected)]
    if ("error", "dmn-overlap") not in codes(said):
        assert all(len(each) <= 1 for each in hits)
    if ("warning", "dmn-gap") not in codes(said):
        assert all(hits)


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (lambda: table(["n"], ["a"], [["1", "1"]], "OUTPUT ORDER"), "dmn-hit-policy"),
        (lambda: table(["n"], ["a"], [["1", "1"]], "COLLECT AVG"), "dmn-hit-policy"),
        (lambda: table(["n"], ["a", "b"], [["1", "1", "2"]], "COLLECT SUM"), "dmn-hit-policy"),
        (lambda: table(["n"], ["a"], [["1", "1"]], "PRIORITY"), "dmn-hit-policy"),
        (lambda: table(["n"], ["a"], [["1", "1"]], "PRIORITY", order="2, 3"), "dmn-output"),
        (lambda: table(["n"], ["a"], [["1", "n"]], "PRIORITY", order="2, 3"), "dmn-output"),
        (lambda: table(["n"], ["a", "a"], [["1", "1", "2"]]), "dmn-output"),
        (lambda: table(["n"], [], [["1"]]), "dmn-output"),
        (lambda: table(["n"], ["a"], []), "dmn-no-rows"),
        (lambda: table(["n"], ["a"], [["1"]]), "dmn-cell"),
        (lambda: table([""], ["a"], [["1", "1"]]), "dmn-input"),
        (lambda: table(["n +"], ["a"], [["1", "1"]]), "dmn-input"),
        (lambda: table(["n"], ["a"], [["1", "1"]] * 1001), "dmn-size"),
        (lambda: table(["n"] * 60, ["a"], []), "dmn-size"),
        (lambda: table(["n"], ["a"], [["-", "1"]], requires=["gone"]), "dmn-requirement"),
        (lambda: table(["n"], ["a"], [["-", "1"]], requires=["t"]), "dmn-requirement"),
    ],
)
def test_a_table_that_would_run_wrong_is_an_error(made: object, code: str) -> None:
    read: DecisionTable = made()  # type: ignore[operator]
    assert ("error", code) in codes(read)
    with pytest.raises(DecisionFailed):
        read.decide({"n": 1})


def test_a_cell_of_another_type_than_its_column_is_a_warning() -> None:
    made = table(["n"], ["a"], [['"5"', "1"], ["-", "2"]], "FIRST", types=["number"])
    assert ("warning", "dmn-cell") in codes(made)


# files


@pytest.mark.parametrize(
    "space",
    [
        "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
        "http://www.omg.org/spec/DMN/20180521/MODEL/",
        "https://www.omg.org/spec/DMN/20191111/MODEL/",
        "https://www.omg.org/spec/DMN/20211108/MODEL/",
        "https://www.omg.org/spec/DMN/20230324/MODEL/",
    ],
)
def test_all_versions_of_dmn_are_read(space: str) -> None:
    made = read_tables(definitions(decision(["n"], ["a"], [["-", "1"]]), space=space))
    assert made["t"].decide({"n": 1}).result == {"a": 1}


def test_a_required_decision_is_made_first_and_once() -> None:
    xml = definitions(
        decision(["level"], ["limit"], [['"F1"', "60"], ["-", "base"]], "FIRST", name="limit",
                 requires=["level", "base"]),
        decision(["n", "base"], ["level"], [["> 9", "-", '"F1"'], ["-", "-", '"F3"']], "FIRST",
                 name="level", requires=["base"]),
        decision(["n"], ["base"], [["-", "n * 10"]], name="base"),
    )  # fmt: skip
    made = read_tables(xml)["limit"]
    assert made.findings() == []
    assert made.decide({"n": 10}).result == {"limit": 60}
    found = made.decide({"n": 5})
    assert found.result == {"limit": 50}
    assert [each.table for each in found.before] == ["level", "base"]
    assert found.before[0].before[0] is found.before[1]


def test_a_circle_of_requirements_is_an_error_of_each() -> None:
    xml = definitions(
        decision(["n"], ["a"], [["-", "1"]], name="a", requires=["b"]),
        decision(["n"], ["b"], [["-", "1"]], name="b", requires=["a"]),
        decision(["n"], ["c"], [["-", "1"]], name="c", requires=["a"]),
    )
    made = read_tables(xml)
    assert [codes(made[name]) for name in "ab"] == [[("error", "dmn-requirement")]] * 2
    with pytest.raises(DecisionFailed, match="circle"):
        made["c"].decide({"n": 1})


def test_a_decision_that_is_no_table_is_an_error() -> None:
    xml = definitions('<decision id="t"><literalExpression><text>1</text></literalExpression>'
                      "</decision>")  # fmt: skip
    assert codes(read_tables(xml)["t"]) == [("error", "dmn-unsupported")]


LEVELS = "".join(f'<!ENTITY a{at} "{f"&a{at - 1};" * 10}">' for at in range(1, 9))
BOMB = f'<!DOCTYPE d [<!ENTITY a0 "aaaaaaaaaa">{LEVELS}]>'


@pytest.mark.parametrize(
    "xml",
    [
        b"",
        b"hello",
        b"<definitions/>",
        b'<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"/>',
        BOMB.encode() + definitions().replace(b"></", b">&a8;</"),
        b'<!DOCTYPE d [<!ENTITY a "b">]>' + definitions(),
        b'<!DOCTYPE d SYSTEM "file:///etc/passwd">' + definitions(),
        ('<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE d [<!ENTITY a "b">]>'
         + definitions().decode()).encode("utf-16"),
        b'<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
        + definitions().replace(b"></", b">&a;</"),
        definitions() + b" " * 1_000_000,
        definitions().replace(b"></", b">" + b"<a>" * 50_000 + b"</"),
        definitions('<decision name="no id"/>'),
        definitions('<decision id="a"/>' * 2),
        definitions(*(f'<decision id="d{at}"/>' for at in range(60))),
    ],
    ids=str,
)  # fmt: skip
def test_a_file_that_is_no_dmn_is_refused(xml: bytes) -> None:
    with pytest.raises(BadDecisions) as refused:
        read_tables(xml)
    assert refused.value.zh and refused.value.en


def test_heavy_cells_are_stopped_together() -> None:
    heavy = "len([i for i in range(9999) if i * i > 9999999 or str(i) in 'abc']) == ?"
    made = table(["n"], ["a"], [[heavy, "1"]] * 900, "FIRST")
    started = time.thread_time()
    with pytest.raises(DecisionFailed, match="more than"):
        made.decide({"n": 0})
    assert time.thread_time() - started < 3
