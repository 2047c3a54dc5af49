"""The methods of str, list, dict and set that author code may call, and what each is charged.

`guards.attribute` looks here. What is not here does not exist: format, format_map, encode,
translate, popitem, and the searches from the right, which take quadratic time.
"""

from collections.abc import Callable
from typing import Any

from bpmn.sandbox.budget import Budget, members
from bpmn.sandbox.refusals import Mistake

Method = Callable[..., Any]
NEEDLE = 1_000  # characters of a text to search for; longer ones make searching slow


def cheap(method: Method) -> Method:
    """Takes the same time however large the owner is."""
    return lambda budget, owner, *args, **options: method(owner, *args, **options)


def linear(method: Method) -> Method:
    """Goes once through the owner."""

    def call(budget: Budget, owner: Any, *args: Any) -> Any:
        budget.weigh(owner)
        for arg in args:
            budget.weigh(arg)
        return method(owner, *args)

    return call


def textual(method: Method) -> Method:
    """Makes a text (or a list of texts) as large as the owner, or three times that."""

    def call(budget: Budget, owner: str, *args: Any, **options: Any) -> Any:
        for arg in (*args, *options.values()):
            need_short(arg)
        budget.take(8 + len(owner))
        made = method(owner, *args, **options)
        if type(made) is str or type(made) is list:
            budget.fit(len(made))
        return made

    return call


def padded(method: Method) -> Method:
    def call(budget: Budget, owner: str, width: int, *fill: str) -> Any:
        budget.fit(max(len(owner), width))
        return method(owner, width, *fill)

    return call


def matching(method: Method) -> Method:
    """startswith and endswith: tuples are lists here."""
    return lambda budget, owner, end: method(owner, tuple(end) if type(end) is list else end)


def need_short(arg: Any) -> None:
    if type(arg) is str and len(arg) > NEEDLE:
        raise Mistake(
            f"查找的文字超过 {NEEDLE} 字。", f"Search text of more than {NEEDLE} characters."
        )


def join(budget: Budget, owner: str, parts: Any) -> str:
    texts = list(members(parts))
    budget.scan(len(texts))
    if not {str}.issuperset(map(type, texts)):
        raise Mistake("join 只能连接文字，请用 str() 转换。", "join takes strings only: use str().")
    budget.fit(sum(map(len, texts)) + len(owner) * len(texts))
    return owner.join(texts)


def replace(budget: Budget, owner: str, old: str, new: str) -> str:
    need_short(old)
    budget.take(len(owner))
    budget.fit(len(owner) + owner.count(old) * max(len(new) - len(old), 0))
    return owner.replace(old, new)


def partition(budget: Budget, owner: str, mark: str) -> list[str]:
    need_short(mark)
    budget.take(len(owner))
    return list(owner.partition(mark))


def extend(budget: Budget, owner: list[Any], more: Any) -> None:
    added = list(members(more))
    budget.fit(len(owner) + len(added))
    owner.extend(added)


def sort(
    budget: Budget, owner: list[Any], *, key: Method | None = None, reverse: bool = False
) -> None:
    owner[:] = in_order(budget, owner, key, reverse)


def in_order(budget: Budget, values: Any, key: Method | None, reverse: bool) -> list[Any]:
    """`sorted`, with everything that is compared weighed beforehand."""
    found = list(members(values))
    keys = found if key is None else [key(each) for each in found]
    budget.weigh(keys)
    budget.take(sum(len(each) for each in keys if type(each) is str))
    places = sorted(range(len(found)), key=keys.__getitem__, reverse=bool(reverse))
    return [found[place] for place in places]


def pairs(budget: Budget, owner: dict[Any, Any]) -> list[list[Any]]:
    budget.take(8 * len(owner))
    return [[key, value] for key, value in owner.items()]


def keys(budget: Budget, owner: dict[Any, Any]) -> list[Any]:
    budget.take(len(owner))
    return list(owner)


def values(budget: Budget, owner: dict[Any, Any]) -> list[Any]:
    budget.take(len(owner))
    return list(owner.values())


def update(budget: Budget, owner: dict[Any, Any], more: Any = None, **named: Any) -> None:
    added = {} if more is None else more
    if type(added) is not dict:
        raise Mistake("update 只接受字典。", "update takes a dict.")
    budget.fit(len(owner) + len(added))
    owner.update(added, **named)


def sized(method: Method) -> Method:
    """Copies, and what else is as large as the owner and looks into nothing."""

    def call(budget: Budget, owner: Any, *args: Any) -> Any:
        budget.scan(len(owner))
        return method(owner, *args)

    return call


def algebra(method: Method) -> Method:
    """What two sets make; any collection will do for the second."""

    def call(budget: Budget, owner: set[Any], other: Any) -> Any:
        second = other if type(other) is set else set(budget.rounds(other, 1))
        budget.scan(len(owner) + len(second))
        return method(owner, second)

    return call


MADE_OF_TEXT = (
    "capitalize casefold lower swapcase title upper strip lstrip rstrip removeprefix removesuffix "
    "split splitlines count find index isalnum isalpha isascii isdecimal isdigit islower "
    "isnumeric isspace istitle isupper"
)
PADDED = "ljust rjust center zfill"
SET_ALGEBRA = "difference intersection isdisjoint issubset issuperset symmetric_difference union"

METHODS: dict[type, dict[str, Method]] = {
    str: {
        **{name: textual(getattr(str, name)) for name in MADE_OF_TEXT.split()},
        **{name: padded(getattr(str, name)) for name in PADDED.split()},
        **{name: matching(getattr(str, name)) for name in ("startswith", "endswith")},
        "join": join,
        "replace": replace,
        "partition": partition,
    },
    list: {
        **{name: cheap(getattr(list, name)) for name in ("append", "clear", "insert", "pop")},
        **{name: linear(getattr(list, name)) for name in ("count", "index", "remove")},
        **{name: sized(getattr(list, name)) for name in ("copy", "reverse")},
        "extend": extend,
        "sort": sort,
    },
    dict: {
        **{name: cheap(getattr(dict, name)) for name in ("clear", "get", "pop", "setdefault")},
        "copy": sized(dict.copy),
        "items": pairs,
        "keys": keys,
        "values": values,
        "update": update,
    },
    set: {
        **{name: cheap(getattr(set, name)) for name in ("add", "clear", "discard", "remove")},
        **{name: algebra(getattr(set, name)) for name in SET_ALGEBRA.split()},
        "copy": sized(set.copy),
    },
}

# A script that names one of these gets a copy of the data it reads (`running.py`).
CHANGING = "add append clear discard extend insert pop remove reverse setdefault sort update"
