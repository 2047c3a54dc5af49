"""What files may bring in, and how their columns are read: data for imports.py and exports.py."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlmodel import SQLModel

from records import Circuit, Contact, Customer, Device, Person, Site
from records.circuits import MANAGEABILITY
from records.customers import GRADES

LONGEST = 200  # characters of a cell
Why = tuple[str, str]  # in Chinese and English
FORMULAS = ("=", "+", "-", "@", "\t")  # what a spreadsheet would run: written with ' before it
YES, NO = ("1", "true", "yes", "是"), ("", "0", "false", "no", "否")


class WrongCell(Exception):
    """The cell is not what its column takes."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


def read_text(cell: str) -> str:
    if len(cell) > LONGEST or not cell.isprintable():
        zh, en = f"应为最多 {LONGEST} 个可见字符", f"This has {LONGEST} visible characters at most"
        raise WrongCell(zh, en)
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(FORMULAS) else cell


def read_flag(cell: str) -> bool:
    if cell.lower() not in YES + NO:
        raise WrongCell("请填 1 或 0", "Write 1 or 0")
    return cell.lower() in YES


def one_of(*known: str) -> Callable[[str], str]:
    """An empty cell is the last of them."""

    def read(cell: str) -> str:
        if cell and cell not in known:
            some = ", ".join(known)
            raise WrongCell(f"应为 {some} 之一", f"This is one of {some}")
        return cell or known[-1]

    return read


def number(least: float, most: float, kind: type = float) -> Callable[[str], Any]:
    def read(cell: str) -> Any:
        try:
            value = kind(cell or 0)
        except ValueError:
            value = None
        if value is None or not least <= value <= most:
            zh, en = f"应为 {least} 至 {most} 的数", f"This is a number from {least} to {most}"
            raise WrongCell(zh, en)
        return value

    return read


@dataclass(frozen=True)
class Column:
    """One column: its name in the file, where it goes, how a cell is read."""

    name: str
    goes_to: str
    read: Callable[[str], Any] = read_text
    is_required: bool = False
    refers_to: type[SQLModel] | None = None  # by code, or by login


@dataclass(frozen=True)
class Kind:
    """One kind of file. `key`: the columns by which a row is known again."""

    zh: str
    en: str
    table: type[SQLModel]
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)


def _text(*names: str, is_required: bool = False) -> tuple[Column, ...]:
    return tuple(Column(name, name, is_required=is_required) for name in names)


def _refers(name: str, table: type[SQLModel]) -> Column:
    return Column(name, f"{name}_id", is_required=True, refers_to=table)


_GRADE = Column("grade", "grade", one_of(*GRADES))
_MANAGED = Column("manageability", "manageability", one_of(*MANAGEABILITY))

KINDS: dict[str, Kind] = {
    "customers": Kind("客户", "customers", Customer, ("code",), (
        *_text("code", "name", is_required=True), *_text("name_en"), _GRADE,
        Column("is_headquarters", "is_headquarters", read_flag), *_text("industry", "city"),
        Column("account_manager", "account_manager", refers_to=Person),
    )),
    "contacts": Kind("联系人", "contacts", Contact, ("customer", "name"), (
        _refers("customer", Customer), *_text("name", is_required=True),
        *_text("role", "phone", "email"), Column("language", "language", one_of("en", "zh")),
    )),
    "sites": Kind("局站", "sites", Site, ("code",), (
        *_text("code", "name", "city", is_required=True), *_text("county"),
        Column("kind", "kind", one_of("metro", "core", "customer", "pop")),
        Column("latitude", "latitude", number(-90, 90)),
        Column("longitude", "longitude", number(-180, 180)),
    )),
    "devices": Kind("设备", "devices", Device, ("code",), (
        *_text("code", "name", is_required=True), _refers("site", Site),
        *_text("kind", is_required=True), *_text("vendor"), _MANAGED,
    )),
    "circuits": Kind("电路", "circuits", Circuit, ("code",), (
        *_text("code", is_required=True), _refers("customer", Customer),
        *_text("product", is_required=True), _GRADE,
        Column("megabits", "megabits", number(0, 10_000_000, int)),
        _refers("a_site", Site), _refers("z_site", Site),
        Column("is_protected", "is_protected", read_flag), _MANAGED,
    )),
}  # fmt: skip
