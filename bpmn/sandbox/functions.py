"""The functions that author code has. There is no `now()`: time comes in as data.

`programs.py` binds a call such as `hours(2)` to this table even where the data has a name `hours`.
Each takes the budget first.
"""

from collections.abc import Callable
from typing import Any

from bpmn.sandbox.budget import CONTAINERS, Budget, members, name_of
from bpmn.sandbox.guards import add, need_numbers
from bpmn.sandbox.methods import NEEDLE, in_order
from bpmn.sandbox.refusals import Mistake
from bpmn.sandbox.values import text

Function = Callable[..., Any]
NOTHING = object()


def length(budget: Budget, value: Any) -> int:
    if type(value) is not str and type(value) not in CONTAINERS:
        raise Mistake(f"{name_of(value)}没有长度。", f"{name_of(value)} has no length.")
    return len(value)


def to_text(budget: Budget, value: Any = "") -> str:
    made = text(value)
    budget.fit(len(made))
    return made


def to_whole(budget: Budget, value: Any = 0) -> int:
    return int(need_number(value))


def to_float(budget: Budget, value: Any = 0.0) -> float:
    return float(need_number(value))


def need_number(value: Any) -> Any:
    if type(value) in (int, float, bool) or (type(value) is str and len(value) <= NEEDLE):
        return value
    raise Mistake(f"{name_of(value)}不能转换为数。", f"{name_of(value)} is no number.")


def truth(budget: Budget, value: Any = False) -> bool:
    return bool(value)


def absolute(budget: Budget, value: Any) -> Any:
    need_numbers("abs", value, value)
    return abs(value)


def rounded(budget: Budget, value: Any, digits: Any = None) -> Any:
    need_numbers("round", value, value)
    if digits is None:
        return round(value)
    if type(digits) is not int or not -20 <= digits <= 20:
        raise Mistake("round 的位数应在 -20 与 20 之间。", "round takes -20 to 20 digits.")
    return round(value, digits)


def quotient(budget: Budget, a: Any, b: Any) -> list[Any]:
    need_numbers("divmod", a, b)
    return list(divmod(a, b))


def smallest(
    budget: Budget, *values: Any, key: Function | None = None, default: Any = NOTHING
) -> Any:
    return extreme(budget, values, key, default, False)


def largest(
    budget: Budget, *values: Any, key: Function | None = None, default: Any = NOTHING
) -> Any:
    return extreme(budget, values, key, default, True)


def extreme(
    budget: Budget, values: tuple[Any, ...], key: Function | None, default: Any, reverse: bool
) -> Any:
    found = in_order(budget, values[0] if len(values) == 1 else list(values), key, reverse)
    if found:
        return found[0]
    if default is NOTHING:
        raise Mistake(
            "空列表没有最小或最大值。", "An empty list has no min or max: give a default."
        )
    return default


def total(budget: Budget, values: Any, start: Any = 0) -> Any:
    found = list(members(values))
    budget.scan(len(found))
    for each in found:
        need_numbers("sum", start, each)
        start = add(budget, start, each)
    return start


def are_any(budget: Budget, values: Any) -> bool:
    budget.scan(len(values) if type(values) in CONTAINERS else 0)
    return any(members(values))


def are_all(budget: Budget, values: Any) -> bool:
    budget.scan(len(values) if type(values) in CONTAINERS else 0)
    return all(members(values))


def ordered(
    budget: Budget, values: Any, *, key: Function | None = None, reverse: bool = False
) -> list[Any]:
    return in_order(budget, values, key, reverse)


def to_list(budget: Budget, values: Any = ()) -> list[Any]:
    found = [] if values == () else list(members(values))
    budget.take(len(found))
    return found


def to_set(budget: Budget, values: Any = ()) -> set[Any]:
    # Element by element: whole numbers with equal hashes make this quadratic.
    return set() if values == () else set(budget.rounds(values, 1))


def to_dict(budget: Budget, values: Any = None, **named: Any) -> dict[Any, Any]:
    if type(values) is dict:
        budget.take(len(values))
        return {**values, **named}
    made = {} if values is None else {key: value for key, value in budget.rounds(values, 1)}
    return {**made, **named}


def to_range(budget: Budget, *bounds: Any) -> list[int]:
    found = range(*bounds)
    budget.fit(len(found) if abs(sum(map(abs, bounds))) < 2**60 else 2**60)
    return list(found)


def numbered(budget: Budget, values: Any, start: int = 0) -> list[list[Any]]:
    found = members(values)
    budget.take(8 * len(found))
    return [[number, each] for number, each in enumerate(found, start)]


def side_by_side(budget: Budget, *lists: Any) -> list[list[Any]]:
    found = [members(each) for each in lists]
    budget.take((8 + len(found)) * min(map(len, found), default=0))
    return [list(row) for row in zip(*found, strict=False)]


def is_of_kind(budget: Budget, value: Any, kind: Any) -> bool:
    kinds = kind if type(kind) is list else [kind]
    return isinstance(value, tuple(named_kind(each) for each in kinds))


def named_kind(kind: Any) -> type:
    function = getattr(kind, "func", None)
    if function in KINDS:
        return KINDS[function]
    raise Mistake(
        "isinstance 的第二项只能是 str、int、float、bool、list、dict、set。",
        "isinstance knows str, int, float, bool, list, dict and set.",
    )


def minutes(budget: Budget, number: Any) -> str:
    return duration(number, 60)


def hours(budget: Budget, number: Any) -> str:
    return duration(number, 3_600)


def days(budget: Budget, number: Any) -> str:
    return duration(number, 86_400)


def duration(number: Any, unit: int) -> str:
    """An ISO 8601 duration; a half hour is written in seconds."""
    need_numbers("duration", number, number)
    if not 0 <= number <= 1_000_000:
        raise Mistake("时长应在 0 与一百万之间。", "A duration is between 0 and a million units.")
    if number == int(number):
        return {60: "PT{}M", 3_600: "PT{}H", 86_400: "P{}D"}[unit].format(int(number))
    return f"PT{round(number * unit)}S"


KINDS: dict[Any, type] = {
    to_text: str,
    to_whole: int,
    to_float: float,
    truth: bool,
    to_list: list,
    to_dict: dict,
    to_set: set,
}

FUNCTIONS: dict[str, Function] = {
    "abs": absolute,
    "all": are_all,
    "any": are_any,
    "bool": truth,
    "days": days,
    "dict": to_dict,
    "divmod": quotient,
    "enumerate": numbered,
    "float": to_float,
    "hours": hours,
    "int": to_whole,
    "isinstance": is_of_kind,
    "len": length,
    "list": to_list,
    "max": largest,
    "min": smallest,
    "minutes": minutes,
    "range": to_range,
    "round": rounded,
    "set": to_set,
    "sorted": ordered,
    "str": to_text,
    "sum": total,
    "zip": side_by_side,
}
