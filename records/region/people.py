"""Who works at Lanhai: the demo accounts, and a crowd that cannot sign in."""

from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import select, update
from sqlmodel import Session, col

from records.people import Group, Person
from records.region.dice import Dice
from records.region.groups import GROUPS
from records.region.names import Name, make_phone, name_person
from records.region.places import City
from records.region.rows import Rows
from records.region.sizes import Plan

FOUNDED = datetime(2026, 1, 1, tzinfo=UTC)
Managers = dict[str, list[str]]


class Trade(NamedTuple):
    """What people of one kind may do, where they sit, what they can do."""

    role: str
    groups: tuple[str, ...]  # always
    one_of: tuple[str, ...]  # one more of these groups
    skills: tuple[str, ...]  # two of these
    seat: str = "sites"  # spread as the sites are; or "cities": each in turn; or "capital"


TRADES = {
    "field": Trade(
        "field_engineer",
        ("field",),
        ("line", "access"),
        ("splicing", "otdr", "cabling", "msap", "onu", "router", "power", "climbing"),
    ),
    "dispatcher": Trade("dispatcher", ("dispatch",), ("crc",), ("dispatching", "english")),
    "noc": Trade(
        "specialist",
        ("noc",),
        ("transport", "data"),
        ("sdh", "mstp", "otn", "ip", "mpls", "voice", "ems"),
    ),
    "duty": Trade("manager", ("duty",), (), ("major faults", "emergency plans"), "cities"),
    "nsm": Trade("service_manager", ("nsm",), (), ("inspection", "assessment", "reports")),
    "account": Trade("account_manager", (), (), ("finance", "government", "health", "education")),
    "expert": Trade(
        "expert",
        ("support",),
        ("transport", "data", "line", "access"),
        ("sdh", "otn", "ip", "mpls", "optics", "billing", "terminals", "wlan"),
    ),
    "agent": Trade("agent", ("crc",), (), ("triage", "finance", "government", "english")),
    "lead": Trade(
        "dispatcher",
        ("team_lead",),
        ("field", "line", "access", "transport", "data"),
        ("splicing", "otdr", "msap", "sdh", "ip", "emergency plans"),
        "cities",
    ),
    "head": Trade("manager", ("city_head",), (), ("major faults", "emergency plans"), "cities"),
    "province": Trade("manager", ("province_crc",), (), ("major faults", "experts"), "capital"),
    "director": Trade("manager", ("province_director",), (), ("major faults",), "capital"),
    "group": Trade("manager", ("group_duty",), (), ("major faults",), "capital"),
}


class Account(NamedTuple):
    """Somebody a visitor can be."""

    name: Name
    role: str
    groups: tuple[str, ...]
    skills: tuple[str, ...] = ()


ACCOUNTS = {  # by login; the cast of the tests has the same
    "dora": Account(Name("董朵", "Dora Dong"), "dispatcher", ("dispatch", "crc")),
    "nora": Account(Name("倪诺", "Nora Ni"), "dispatcher", ("noc", "transport", "data")),
    "ada": Account(Name("艾达", "Ada Ai"), "agent", ("crc",)),
    "liu": Account(
        Name("刘屿", "Liu Yu"),
        "field_engineer",
        ("field", "line", "access"),
        ("splicing", "otdr", "msap"),
    ),
    "owen": Account(Name("欧文", "Owen Ou"), "process_owner", ()),
    "mei": Account(Name("梅汐", "Mei Xi"), "manager", ("duty", "nsm")),
    "gwen": Account(Name("关雯", "Gwen Guan"), "manager", ("province_crc", "province_director")),
    "root": Account(Name("系统管理员", "Administrator"), "administrator", ()),
}


class Hired(NamedTuple):
    """One of the crowd, as far as teams must know."""

    id: int
    login: str
    trade: str
    city: int  # its number
    skills: list[str]


def build_people(rows: Rows, plan: Plan, session: Session, cities: list[City]) -> "Staff":
    """Groups and demo accounts where they are missing; the crowd, each near some site."""
    groups = _add_groups(rows, session)
    staff = Staff(rows, cities, groups)
    staff.people += _add_accounts(rows, session, groups)
    for trade, count in plan.staff.items():
        staff.hire(trade, count)
    return staff


def open_accounts(session: Session, password_hash: str) -> None:
    """Let the demo accounts sign in, those that have no password yet."""
    session.execute(
        update(Person)
        .where(col(Person.login).in_(ACCOUNTS), col(Person.password_hash) == "")
        .values(password_hash=password_hash)
    )


class Staff:
    """The crowd; the logins of its account managers, by city."""

    def __init__(self, rows: Rows, cities: list[City], groups: dict[str, int]) -> None:
        self._rows = rows
        by_site = [city for city in cities for _ in city.pops]
        self._seats = {"sites": by_site, "cities": cities, "capital": cities[:1]}
        self._groups = groups
        self._dice = Dice("people")
        self._hired = 0
        self.managers: Managers = {}
        self.people: list[Hired] = []

    def hire(self, name: str, count: int) -> None:
        trade = TRADES[name]
        seats = self._seats[trade.seat]
        for n in range(count):
            turn = n % len(seats) if trade.seat == "cities" else n * len(seats) // count
            self._add(name, trade, seats[turn])

    def _add(self, trade_name: str, trade: Trade, city: City) -> None:
        self._hired += 1
        name = name_person(self._dice)
        login = f"{name.en.lower().replace(' ', '.')}{self._hired}"
        if trade.role == "account_manager":
            self.managers.setdefault(city.name.zh, []).append(login)
        skills = self._dice.mix(trade.skills)[:2]
        if trade_name == "nsm" and "inspection" not in skills:  # which every one of them does
            skills = ["inspection", skills[0]]
        person = self._rows.add(
            Person,
            login=login,
            name=name.zh,
            name_en=name.en,
            roles=[trade.role],
            skills=skills,
            city=city.name.zh,
            phone=make_phone(self._dice),
            email=f"{login}@lanhai.example",
            language="zh",
            password_hash="",
            active=True,
            created_at=FOUNDED,
        )
        self.people.append(Hired(person, login, trade_name, city.number, skills))
        for key in (*trade.groups, *self._dice.mix(trade.one_of)[:1]):
            self._rows.join(person, self._groups[key])


def _add_groups(rows: Rows, session: Session) -> dict[str, int]:
    """Every group's id by its key."""
    there = {row.key: row.id for row in session.execute(select(col(Group.key), col(Group.id)))}
    for key, (zh, en) in GROUPS.items():
        if key not in there:
            there[key] = rows.add(Group, key=key, name=zh, name_en=en)
    return there


def _add_accounts(rows: Rows, session: Session, groups: dict[str, int]) -> list[Hired]:
    """An account that is there already is left as it is. Those who are new and go out."""
    new = []
    there = set(session.execute(select(col(Person.login))).scalars())
    dice = Dice("accounts")
    for login, account in ACCOUNTS.items():
        if login not in there:
            person = rows.add(
                Person,
                login=login,
                name=account.name.zh,
                name_en=account.name.en,
                roles=[account.role],
                skills=list(account.skills),
                city="海州",
                phone=make_phone(dice),
                email=f"{login}@lanhai.example",
                language="zh",
                password_hash="",
                active=True,
                created_at=FOUNDED,
            )
            for key in account.groups:
                rows.join(person, groups[key])
            if account.role == "field_engineer":
                new.append(Hired(person, login, "field", 0, list(account.skills)))
    return new
