"""How large a form is with each $ref replaced by what it names. Called by forms.py.

A reference to nothing, or to itself, would break the check of every answer; few lines of references
to references would keep it busy for hours.
"""

from typing import Any

LARGEST = 2_000  # schemas; the largest form that comes with Baton has 48
LONGEST = 40  # references that lead from one to the next
PATTERN = 20  # schemas, that one pattern counts as
UNREAD = ("$id", "$anchor", "$dynamicRef", "$dynamicAnchor")  # would change what a $ref names


class BadReference(Exception):
    """Says which, and why."""


def unfold(form: dict[str, Any]) -> int:
    """Its schemas. Raises BadReference."""
    size = _Unfolding(form).size(form)
    if size > LARGEST:
        raise BadReference(f"more than {LARGEST} in all, each $ref and {PATTERN} for each pattern")
    return size


class _Unfolding:
    def __init__(self, form: dict[str, Any]) -> None:
        self.form = form
        self.sizes: dict[str, int] = {}
        self.open = ["#"]  # references that are being followed

    def size(self, value: Any) -> int:
        if isinstance(value, list):
            return sum(map(self.size, value))
        if not isinstance(value, dict):
            return 0
        for key in UNREAD:
            if isinstance(value.get(key), str):
                raise BadReference(key)
        ref = value.get("$ref")
        led_to = self._size_of(ref) if isinstance(ref, str) else 0
        matched = PATTERN * _patterns(value)
        return 1 + matched + led_to + sum(map(self.size, value.values()))

    def _size_of(self, ref: str) -> int:
        if ref in self.open or len(self.open) > LONGEST:
            raise BadReference(f"$ref {ref[:80]}: leads to itself")
        if ref not in self.sizes:
            self.open.append(ref)
            self.sizes[ref] = self.size(self._find(ref))
            self.open.pop()
        return self.sizes[ref]

    def _find(self, ref: str) -> dict[str, Any]:
        found: Any = self.form
        for part in ref.removeprefix("#").split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            found = found.get(name) if isinstance(found, dict) else None
        if not isinstance(found, dict) or not ref.startswith("#/"):
            raise BadReference(f"$ref {ref[:80]}: there is nothing")
        return found


def _patterns(schema: dict[str, Any]) -> int:
    by_name = schema.get("patternProperties")
    own = isinstance(schema.get("pattern"), str)
    return own + (len(by_name) if isinstance(by_name, dict) else 0)
