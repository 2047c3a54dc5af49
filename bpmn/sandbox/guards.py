"""What operators, subscripts and attributes of author code are turned into (`policy.py`).

Each guard takes the budget first, refuses what would grow too large before it is made, and works
on exact JSON types and sets only: no other object's method is ever called.
"""

import operator
from collections.abc import Callable
from functools import partial
from typing import Any

from bpmn.sandbox.budget import BITS, Budget, name_of
from bpmn.sandbox.methods import METHODS
from bpmn.sandbox.refusals import Mistake, Spent
from bpmn.sandbox.values import text

NUMBERS = frozenset({int, float, bool})
LARGEST = 1 << BITS
Guard = Callable[..., Any]


def add(budget: Budget, a: Any, b: Any) -> Any:
    if type(a) in NUMBERS and type(b) in NUMBERS:
        return bounded(a + b)
    if type(a) is type(b) and (type(a) is str or type(a) is list):
        budget.fit(len(a) + len(b))
        return a + b
    raise no_operator("+", a, b)


def multiply(budget: Budget, a: Any, b: Any) -> Any:
    if type(a) in NUMBERS and type(b) in NUMBERS:
        fit_bits(bits(a) + bits(b))
        return a * b
    if type(a) in (int, bool):
        a, b = b, a
    if type(a) in (str, list) and type(b) in (int, bool):
        budget.fit(len(a) * max(b, 0))
        return a * b
    raise no_operator("*", a, b)


def power(budget: Budget, a: Any, b: Any) -> Any:
    need_numbers("**", a, b)
    if type(b) is not float and b > 0:
        fit_bits(bits(a) * b)
    result = a**b
    if type(result) is complex:
        raise Mistake("负数不能开方。", "A negative number has no such root.")
    return result


def shift_left(budget: Budget, a: Any, b: Any) -> Any:
    if type(a) not in (int, bool) or type(b) not in (int, bool):
        raise no_operator("<<", a, b)
    fit_bits(bits(a) + max(b, 0))
    return a << b


def arithmetic(sign: str, operation: Guard) -> Guard:
    """The operators whose result is no larger than what they are given."""

    def apply(budget: Budget, a: Any, b: Any) -> Any:
        need_numbers(sign, a, b)
        return bounded(operation(a, b))

    return apply


def combining(sign: str, operation: Guard, kinds: tuple[type, ...]) -> Guard:
    """The operators that numbers share with sets (and, for `|`, with dicts)."""

    def apply(budget: Budget, a: Any, b: Any) -> Any:
        if type(a) is type(b) and type(a) in kinds:
            budget.scan(len(a) + len(b))
        else:
            need_numbers(sign, a, b)
        return bounded(operation(a, b))

    return apply


def bounded(value: Any) -> Any:
    if type(value) is int and not -LARGEST < value < LARGEST:
        fit_bits(value.bit_length())
    return value


def bits(value: Any) -> int:
    return 0 if type(value) is float else int(value).bit_length()


def fit_bits(size: int) -> None:
    if size > BITS:
        raise Spent(f"整数超过 {BITS} 位。", f"A whole number of more than {BITS} bits.")


def need_numbers(sign: str, a: Any, b: Any) -> None:
    if type(a) not in NUMBERS or type(b) not in NUMBERS:
        raise no_operator(sign, a, b)


def no_operator(sign: str, a: Any, b: Any) -> Mistake:
    return Mistake(
        f"{name_of(a)} 与 {name_of(b)} 之间不能用“{sign}”。",
        f"{name_of(a)} {sign} {name_of(b)} is not possible.",
    )


def item(budget: Budget, owner: Any, key: Any) -> Any:
    kind = type(owner)
    if kind is dict:
        return owner[key]
    if kind is not list and kind is not str:
        raise Mistake(f"{name_of(owner)}没有下标。", f"{name_of(owner)} has no items.")
    found = owner[key]
    if type(key) is slice:
        budget.take(len(found))
    return found


def attribute(budget: Budget, owner: Any, name: str) -> Any:
    """A method from the white list, or else the value of a dict's key: `ticket.grade`."""
    kind = type(owner)
    method = METHODS[kind].get(name) if kind in METHODS else None
    if method is not None:
        return partial(method, budget, owner)
    if kind is dict:
        return owner[name]
    raise Mistake(f"{name_of(owner)}没有“.{name}”。", f"{name_of(owner)} has no .{name} here.")


def writable(budget: Budget, owner: Any) -> Any:
    if type(owner) is dict or type(owner) is list:
        return owner
    raise Mistake(f"不能改写 {name_of(owner)} 的项。", f"Items of {name_of(owner)} cannot be set.")


def amend(budget: Budget, owner: Any, key: Any, sign: str, value: Any) -> None:
    """`owner[key] += value`, with owner and key evaluated once."""
    writable(budget, owner)[key] = OPERATORS[sign](budget, item(budget, owner, key), value)


def written(budget: Budget, *parts: Any) -> str:
    """An f-string."""
    texts = [text(part) for part in parts]
    budget.fit(sum(map(len, texts)))
    return "".join(texts)


# Named after the nodes of Python's grammar: `policy.py` turns each BinOp into one of these.
OPERATORS: dict[str, Guard] = {
    "Add": add,
    "Sub": combining("-", operator.sub, (set,)),
    "Mult": multiply,
    "Div": arithmetic("/", operator.truediv),
    "FloorDiv": arithmetic("//", operator.floordiv),
    "Mod": arithmetic("%", operator.mod),
    "Pow": power,
    "LShift": shift_left,
    "RShift": arithmetic(">>", operator.rshift),
    "BitAnd": combining("&", operator.and_, (set,)),
    "BitOr": combining("|", operator.or_, (set, dict)),
    "BitXor": combining("^", operator.xor, (set,)),
}

GUARDS: dict[str, Guard] = {
    "_getiter_": Budget.rounds,
    "_getattr_": attribute,
    "_getitem_": item,
    "_write_": writable,
    "_weigh_": Budget.weigh,
    "_amend_": amend,
    "_text_": written,
    **{f"_{sign}_": guard for sign, guard in OPERATORS.items()},
}
