"""Customers by grade, what each has bought, and whom to call there."""

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import chain, islice
from typing import NamedTuple

from records.customers import Contact, Customer
from records.region.dice import Dice
from records.region.names import INDUSTRIES, Name, make_phone, name_customer, name_person
from records.region.network import Network
from records.region.people import Managers
from records.region.places import Place
from records.region.rows import Rows
from records.region.sizes import HEADQUARTERS, Plan, share

FIRST = Name("海东银行", "Haidong Bank")  # of the capital; the largest customer at every size
CONTACTS = {"AAA": 3, "AA": 2}  # else 1
DUTIES = ("信息科负责人", "机房值班", "夜间联系人")
EXPONENT = -0.8  # of Zipf's law: the first of 20,000 customers has 1,900 of 80,000 circuits


class Client(NamedTuple):
    """A customer, as far as its rooms and circuits must know."""

    id: int
    name: str
    grade: str
    home: Place
    products: list[str]  # of its circuits, one by one


def build_customers(
    rows: Rows, plan: Plan, network: Network, managers: Managers
) -> Iterator[Client]:
    """The best grades first, and with the most circuits. Each has its account manager."""
    front_office = FrontOffice(rows, network, managers)
    ranks = list(_repeat(plan.customers))
    products = iter(Dice("products").mix(_repeat(plan.circuits)))
    zipf = [place**EXPONENT for place in range(1, len(ranks) + 1)]
    more = share(sum(plan.circuits.values()) - len(ranks), zipf)
    for rank, extra in zip(ranks, more, strict=True):
        yield front_office.win(rank, list(islice(products, 1 + extra)))


class FrontOffice:
    """Wins customers and numbers them."""

    def __init__(self, rows: Rows, network: Network, managers: Managers) -> None:
        self._rows = rows
        self._network = network
        self._managers = managers
        self._all_managers = list(chain.from_iterable(managers.values()))
        self._dice, self._lots = Dice("customers"), Dice("account managers")
        self._names = set[Name]()

    def win(self, rank: str, products: list[str]) -> Client:
        home, industry = self._dice.pick(self._network.pops), self._dice.weigh(INDUSTRIES)
        if not self._names:
            home, industry = self._network.pops[0], "finance"
        city = self._network.cities[home.city].name
        make = partial(name_customer, industry=industry, city=city, county=home.county.name)
        name = self._dice.fresh(make, self._names) if self._names else FIRST
        self._names.add(name)
        grade = "AAA" if rank == HEADQUARTERS else rank
        customer = self._rows.add(
            Customer,
            code=f"LH-C{len(self._names):06d}",
            name=name.zh,
            name_en=name.en,
            grade=grade,
            is_headquarters=rank == HEADQUARTERS,
            industry=industry,
            city=city.zh,
            account_manager=self._lots.pick(self._managers.get(city.zh) or self._all_managers),
        )
        for n in range(CONTACTS.get(grade, 1)):
            self._introduce(customer, n)
        return Client(customer, name.zh, grade, home, products)

    def _introduce(self, customer: int, n: int) -> None:
        self._rows.add(
            Contact,
            customer_id=customer,
            name=name_person(self._dice).zh,
            role=DUTIES[n],
            phone=make_phone(self._dice),
            email=f"contact{n + 1}@c{len(self._names):06d}.example",
        )


def _repeat(counts: Mapping[str, int]) -> Iterator[str]:
    return chain.from_iterable([thing] * count for thing, count in counts.items())
