"""Author code: what it can do, what it is refused, and what it can never use up or change."""

import copy
import time

import pytest

from bpmn import sandbox
from bpmn.sandbox import OutOfBudget, ScriptFailed, ScriptRefused, evaluate, execute

CASE = {"x": [1, 2, 3], "n": 5, "fault": {"id": "F-1", "grade": "AA", "rows": [{"k": 0}]}}
TEN = "for i in range(10):\n"
DOUBLE = "for i in range(40):\n    x = [x, x]\n    y = [y, y]\n"

HOSTILE = {
    # the way out of the sandbox
    "import": "import os\nz = os.getpid()",
    "from import": "from os import path",
    "star import": "from os import *",
    "dunder import": "z = __import__('os').popen('id').read()",
    "open": "z = open('/etc/passwd').readline()",
    "subclasses": "z = [c for c in ().__class__.__base__.__subclasses__()]",
    "class of a list": "z = x.__class__",
    "class through getattr": "z = getattr(x, '__class__')",
    "class through a homoglyph": "z = x.__ｃlass__",
    "name through a homoglyph": "z = ＿＿import＿＿('os')",
    "format": "z = '{0.__class__.__init__}'.format(x)",
    "format_map": "z = '{x.__class__}'.format_map({'x': x})",
    "format through the type": "z = str.format('{0.__class__}', x)",
    "dunder in an f-string": "z = f'{x.__class__}'",
    "format spec": "z = f'{1:50000000}'",
    "nested format spec": "z = f'{n:{n}}'",
    "percent": "z = '%1000000d' % 1",
    "generator frame": "z = (i for i in x).gi_frame",
    "frame globals": "z = (i for i in x).gi_frame.f_back.f_globals",
    "function globals": "z = len.__globals__",
    "a method under another name": "for f in [x.append]:\n    f(4)",
    "inside a partial": "z = x.append.func",
    "eval": "z = eval('1')",
    "exec": "exec('z = 1')",
    "compile": "z = compile('1', '', 'eval')",
    "globals": "z = globals()",
    "vars": "z = vars()",
    "type": "z = type('A', (), {})",
    "traceback": "try:\n    1 / 0\nexcept Exception as e:\n    z = e.__traceback__.tb_frame",
    "star try": "try:\n    1 / 0\nexcept* ValueError as e:\n    z = e",
    "class": "class A:\n    pass",
    "def": "def f():\n    return f()\nf()",
    "lambda": "z = (lambda: 1)()",
    "decorator": "@len\nclass A: pass",
    "with": "with x as y:\n    pass",
    "while": "while True:\n    pass",
    "walrus": "z = (y := 1)",
    "yield": "z = [(yield 1)]",
    "await": "await x",
    "async comprehension": "z = [i async for i in x]",
    "global": "global z",
    "del": "del x",
    "match": "match x:\n    case list(append=a):\n        z = a",
    "type alias": "type A = int",
    "starred": "z = [*x, *x]",
    "starred call": "z = max(*x)",
    "double starred": "z = dict(**fault)",
    "merging display": "z = {**fault, 'a': 1}",
    "matmul": "z = x @ x",
    "bytes": "z = b'abc'",
    "complex": "z = 1j",
    "ellipsis": "z = ...",
    "attribute store": "x.y = 1",
    "slice store": "x[0:0] = x",
    # the guards themselves
    "shadow getattr": "_getattr_ = len",
    "shadow builtins": "__builtins__ = {}",
    "loop over a guard": "for _getiter_ in x:\n    pass",
    "comprehend a guard": "z = [1 for _write_ in x]",
    "read a guard": "z = _getattr_",
    "debug": "z = __debug__",
    # time and memory
    "power": "z = 2 ** 2000000",
    "power of a power": "z = ((10 ** 50) ** 50) ** 50",
    "shift": "z = 1 << 10 ** 9",
    "long constant": "z = 0x" + "f" * 15_000,
    "doubling a number": "z = 3\nfor i in range(40):\n    z = z * z",
    "subtracting itself larger": "z = 1\nfor i in range(19000):\n    z = z - (0 - z)",
    "rounding a number away": "z = round(123, -10 ** 9)",
    "number of many digits": "z = int('9' * 100000)",
    "repeat a string": "z = 'a' * 50000000",
    "repeat a list": "z = [0] * 50000000",
    "repeat by left": "z = 50000000 * 'a'",
    "doubling a string": "z = 'a'\nfor i in range(60):\n    z = z + z",
    "doubling a list": "z = [1]\nfor i in range(60):\n    z += z",
    "doubling by extend": "z = [1]\nfor i in range(60):\n    z.extend(z)",
    "doubling by f-string": "z = 'a'\nfor i in range(60):\n    z = f'{z}{z}'",
    "doubling by join": "z = 'a'\nfor i in range(60):\n    z = z.join([z, z])",
    "doubling by replace": "z = 'a'\nfor i in range(60):\n    z = z.replace('a', 'aa')",
    "doubling by item": "z = {'a': [1]}\nfor i in range(60):\n    z['a'] += z['a']",
    "doubling a dict": "z = {}\nfor i in range(60):\n    z = {'a': z, 'b': z}",
    "padding": "z = 'a'.ljust(10 ** 9)",
    "zeros": "z = 'a'.zfill(10 ** 9)",
    "range": "z = range(10 ** 12)",
    "range beyond C": "z = range(10 ** 30)",
    "nested loops": "for i in range(1000):\n    for j in range(100000):\n        z = 1",
    "nested comprehension": "z = [i for i in range(9999) for j in range(9999)]",
    "nested dict comprehension": "z = {i: 0 for i in range(9999) for j in range(9999)}",
    "generator bomb": "z = sum(i for i in range(99999) for j in range(99999))",
    "growing while looping": "for i in x:\n    x.append(i)",
    "deep by loop": "z = []\nfor i in range(19000):\n    z = [z]",
    "self in itself": "x.append(x)",
    "self in itself by key": "fault['me'] = fault",
    "equality of shared lists": "x = []\ny = []\n" + DOUBLE + "z = x == y",
    "search in shared lists": "x = []\ny = []\n" + DOUBLE + "z = x in [y]",
    "index in shared lists": "x = []\ny = []\n" + DOUBLE + "z = [y].index(x)",
    "sorting shared lists": "x = []\ny = []\n" + DOUBLE + "z = sorted([x, y])",
    "maximum of shared lists": "x = []\ny = []\n" + DOUBLE + "z = max(x, y)",
    "text of shared lists": "x = []\ny = []\n" + DOUBLE + "z = len(str(x))",
    "hash of shared tuples": "x = ()\nfor i in range(40):\n    x = (x, x)\nz = {x: 1}",
    "hash of zipped tuples": "x = [1]\nfor i in range(40):\n    x = zip(x, x)\nz = {x[0]}",
    "sort with a key": "z = sorted(list(range(90000)) * 1, key=str)\n" * 30,
    "long search in a loop": "for i in range(9999):\n    z = -1 in x * 30000",
    "equal hashes": "z = set([i * (2 ** 61 - 1) for i in range(15000)])",
    "large results": "z = ['a' * 1000 for i in range(400)]",
    "many large strings": "z = []\nfor i in range(9999):\n    z.append('a' * 99999 + str(i))",
    "wide rows": "z = []\nfor i in range(19999):\n    z.append([" + "0," * 5000 + "])",
    "sum of lists": "z = sum([x] * 9999, [])",
    "search from the right": "z = ('a' * 99999).rfind('a' * 50000 + 'b')",
    "search for much": "z = ('a' * 99999).count('a' * 50000 + 'b')",
    "many heavy lines": "s = 'a' * 99999\n" + TEN + "    z = s.upper()\n" * 600,
    # sources
    "long source": "z = 1\n" * 5000,
    "nested parentheses": "z = " + "(" * 9000 + "1" + ")" * 9000,
    "many minus": "z = " + "-" * 19000 + "1",
    "many plus": "z = 1" + "+1" * 9000,
    "many subscripts": "z = x" + "[0]" * 6000,
    "many attributes": "z = x" + ".a" * 9000,
    "many nots": "z = " + "not " * 4900 + "1",
    "many choices": "z = " + "1 if n else " * 1600 + "2",
    "NUL": "z = 1\x00",
    "half a surrogate": "z = '\ud800'",
    "half a surrogate by escape": "z = '\\ud800'",
    "not Python": "z = = 1",
    "return": "return 1",
    # not JSON
    "NaN": "z = float('nan')",
    "infinity": "z = [1e999]",
    "keys that are not text": "z = {1: 2}",
    "beyond 64 bits": "z = 2 ** 64",
    "function as a result": "z = len",
    "method as a result": "z = x.append",
    "root of a negative number": "z = (0 - 1) ** 0.5",
    # without the data
    "print": "print(x)",
    "unknown method": "z = x.__len__()",
    "method of a number": "z = n.bit_length()",
}


@pytest.mark.parametrize("script", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_script_is_stopped_in_time_and_the_next_one_works(script: str) -> None:
    data = copy.deepcopy(CASE)
    started = time.thread_time()
    with pytest.raises((ScriptRefused, ScriptFailed)) as stopped:
        execute(script, data)
    assert time.thread_time() - started < 2
    assert data == CASE
    assert stopped.value.zh and stopped.value.en
    assert execute("z = n + 1", data) == {"z": 6}


@pytest.mark.parametrize("name", ["_getiter_", "_getattr_", "__builtins__", "_write_", "_Add_"])
def test_data_never_takes_the_place_of_a_guard(name: str) -> None:
    assert execute("z = [i + 1 for i in x if i]", CASE | {name: 1}) == {"z": [2, 3, 4]}


def test_data_may_have_the_name_of_a_function() -> None:
    data = {"hours": 3, "len": "a", "print": "p", "x": [1]}
    assert evaluate("[hours, hours(2), len, len(x), print]", data) == [3, "PT2H", "a", 1, "p"]


@pytest.mark.parametrize(
    "script",
    [
        "y = x\ny.append(4)",
        "fault['rows'][0]['k'] = 1",
        "for row in fault.rows:\n    row['k'] += 1",
        "z = [row.update(k=1) for row in fault['rows']]",
        "z = [x.append(i) for i in x[:1]]",
        "z = fault.rows.pop()",
        "x.sort(reverse=True)",
        "z = fault\nz.rows[0].setdefault('new', []).append(1)",
        "for x[0] in [7, 8]:\n    pass",
        "x[0], n = 9, 9",
        "for row in sorted(fault.rows, key=len):\n    row['k'] = 2",
    ],
)
def test_the_callers_data_is_never_changed(script: str) -> None:
    data = copy.deepcopy(CASE)
    result = execute(script, data)
    assert data == CASE
    assert set(result) & {"x", "fault"}


def test_only_changed_names_come_back() -> None:
    assert execute("n = 5\nx = [1, 2, 3]\nm = n", CASE) == {"x": [1, 2, 3], "m": 5}
    assert execute("x.append(4)\nx.pop()\nfault.get('id')", CASE) == {}
    assert execute("for i in x:\n    m = i\n_ = 1", CASE) == {"m": 3}


def test_a_changed_type_is_a_change() -> None:
    assert execute("f['a'] = True\nn = 1.0", {"f": {"a": 1}, "n": 1}) == {
        "f": {"a": True},
        "n": 1.0,
    }


def test_results_share_nothing_with_the_data() -> None:
    data = {"x": [[1]]}
    result = execute("y = x\nz = [x, x]", data)
    result["z"][0].append(2)
    assert result == {"y": [[1]], "z": [[[1], 2], [[1]]]} and data == {"x": [[1]]}


def test_sets_and_tuples_come_back_as_lists_in_a_fixed_order() -> None:
    script = "s = {'b', 'a', 'c'}\nt = (1, (2, 3))\nu = [each for each in s]"
    assert execute(script, {}) == {"s": ["a", "b", "c"], "t": [1, [2, 3]], "u": ["a", "b", "c"]}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("fault.grade == 'AA' and n > 3", True),
        ("fault['grade'][:1] + 'x'", "Ax"),
        ("[i * 2 for i in x if i != 2]", [2, 6]),
        ("{k: v for k, v in zip('ab', x)}", {"a": 1, "b": 2}),
        ("1 < n <= 5 != 6", True),
        ("2 in x and 'id' in fault and 'A' in fault.grade", True),
        ("any(i > 2 for i in x) and all(x)", True),
        ("f'{fault.id}: {n} {x}'", "F-1: 5 [1, 2, 3]"),
        ("sorted(fault.items(), key=len)[0][0]", "id"),
        ("sorted(['b', 'a'], key={'a': 2, 'b': 1}.get)", ["b", "a"]),
        ("max(x, key=str) + min(4, 2) + sum(x) + round(2.5) + abs(-1)", 14),
        ("min([], default=None) is None", True),
        ("isinstance(n, (int, float)) and isinstance(x, list)", True),
        ("list(range(2, 8, 3)) + list('ab')", [2, 5, "a", "b"]),
        ("[i for i, each in enumerate(x) if each > 1]", [1, 2]),
        ("divmod(7, 2)", [3, 1]),
        ("'a,b'.split(',') + ['x'.join(['1', '2'])]", ["a", "b", "1x2"]),
        ("'north'.startswith(('no', 'so')) and 'Ab'.lower().upper().isupper()", True),
        ("'x' if fault.get('none') is None else 'y'", "x"),
        ("dict(fault, id='F-2').id", "F-2"),
        ("{'a': 1} | {'b': 2}", {"a": 1, "b": 2}),
        ("{1, 2}.union([3]) - {1}", [2, 3]),
        ("[minutes(90), hours(2), hours(1.5), days(1)]", ["PT90M", "PT2H", "PT5400S", "P1D"]),
        ("n >\n  3", True),
        ("int('7') // 2 + float('0.5') - n % 3 + 2 ** 3", 9.5),
    ],
)
def test_what_authors_can_say(expression: str, value: object) -> None:
    assert evaluate(expression, CASE) == value


@pytest.mark.parametrize(
    "literal",
    [
        "PT2H",
        "P1DT2H",
        "P2W",
        "-PT5M",
        "R3/PT30M",
        "R/PT10M",
        "R3/2026-08-01T00:00:00Z/PT30M",
        "2026-08-01",
        "2026-10-11",
        "2026-08-01T12:00:00+08:00",
        "2026-08-01T12:00:00.5Z",
    ],
)
def test_a_bare_iso_literal_is_itself(literal: str) -> None:
    assert evaluate(f" {literal} ", {}) == literal
    sandbox.check_expression(literal)
    assert sandbox.names(literal) == set()


@pytest.mark.parametrize("near_miss", ["P", "PT", "PTH", "2026-08-1", "R3/"])
def test_what_is_no_iso_literal_is_an_expression(near_miss: str) -> None:
    with pytest.raises((ScriptRefused, ScriptFailed)):
        evaluate(near_miss, {})


def test_a_failure_names_the_line_and_what_is_missing() -> None:
    with pytest.raises(ScriptFailed) as failed:
        execute("a = 1\n\nif a:\n    b = grad + 1", {"grade": "AA", "other": 1})
    assert failed.value.line == 4 and failed.value.text == "b = grad + 1"
    assert "grade" in failed.value.en and "grade" in failed.value.zh
    assert isinstance(failed.value.cause, NameError) and failed.value.cause.__traceback__ is None


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("z = fault.grad", "grad"),
        ("z = x[9]", "len()"),
        ("z = n / 0", "divisor"),
        ("z = true", "True"),
        ("z = 'a' + 1", "str + int"),
        ("z = 'a' < 1", "not supported"),
    ],
)
def test_a_failure_says_what_to_do(script: str, told: str) -> None:
    with pytest.raises(ScriptFailed, match=r"Line 1") as failed:
        execute(script, CASE)
    assert told in failed.value.en


def test_a_refusal_names_the_line_and_the_way_round() -> None:
    with pytest.raises(ScriptRefused) as refused:
        sandbox.check_script("a = 1\nwhile a:\n    a -= 1")
    assert refused.value.line == 2 and "for loop" in refused.value.en


def test_a_function_that_does_not_exist_is_refused_before_it_runs() -> None:
    with pytest.raises(ScriptRefused, match="named minute here"):
        sandbox.check_expression("minute(3)")


def test_running_out_is_told_apart_from_failing() -> None:
    with pytest.raises(OutOfBudget) as stopped:
        execute("for i in range(30000):\n    z = i", {})
    assert stopped.value.line == 1 and "20000" in stopped.value.zh


def test_a_script_indented_by_its_diagram_runs_and_keeps_its_lines() -> None:
    assert execute("\n    a = 1\n    if a:\n        b = 2\n    ", {}) == {"a": 1, "b": 2}
    with pytest.raises(ScriptFailed) as failed:
        execute("\n\n    a = 1\n    b = c", {})
    assert failed.value.line == 4


def test_names_are_what_the_data_must_have() -> None:
    script = "a = b\nfor c in d:\n    e = a + c + f\ng = [h for h in i if h > j]\nk += len(e)"
    assert sandbox.names(script) == {"b", "d", "f", "i", "j", "k"}
    assert sandbox.names("ticket.grade == grade and hours(2)") == {"ticket", "grade"}


def test_budgets_of_one_run_are_not_charged_to_the_next() -> None:
    for _ in range(3):
        assert execute("z = sum([i for i in range(15000)])", {}) == {"z": 112492500}


def test_data_that_is_not_json_is_refused() -> None:
    for value in ({1: 2}, [object()], [float("nan")], {"a": (1, {2})}):
        with pytest.raises(ScriptFailed):
            execute("y = x", {"x": value})
