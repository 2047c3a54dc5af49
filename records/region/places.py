"""Cities, counties and the operator's sites, somewhere in a sea where nobody lives."""

from typing import NamedTuple

from records.circuits import Site
from records.region.dice import Dice
from records.region.names import Name, coin, name_street
from records.region.rows import Rows
from records.region.sizes import Plan, share

CITIES = (  # name, code, weight; the first is the capital
    (Name("海州", "Haizhou"), "HZ", 3.0),
    (Name("青屿", "Qingyu"), "QY", 2.0),
    (Name("云港", "Yungang"), "YG", 1.6),
    (Name("澜城", "Lancheng"), "LC", 1.2),
    (Name("汐州", "Xizhou"), "XZ", 1.0),
    (Name("东屿", "Dongyu"), "DY", 1.0),
    (Name("望潮", "Wangchao"), "WC", 1.0),
    (Name("银湾", "Yinwan"), "YW", 1.0),
    (Name("鹭岭", "Luling"), "LL", 0.9),
    (Name("舟浦", "Zhoupu"), "ZP", 0.9),
    (Name("霞渚", "Xiazhu"), "XU", 0.8),
    (Name("澄浦", "Chengpu"), "CP", 0.8),
    (Name("碧泊", "Bibo"), "BB", 0.7),
    (Name("岚川", "Lanchuan"), "LN", 0.7),
    (Name("沙屿", "Shayu"), "SY", 0.7),
    (Name("岱津", "Daijin"), "DJ", 0.7),
)
SOUTH, WEST = 28.0, 123.5  # the corner of a 4 × 4 grid of cities, one degree apart


class County(NamedTuple):
    """A district or county: its name and its middle."""

    name: Name
    latitude: float
    longitude: float


class Place(NamedTuple):
    """A site of the operator's."""

    id: int
    code: str
    name: str
    city: int  # its number
    county: County
    latitude: float
    longitude: float


class City(NamedTuple):
    """A city and the operator's sites in it."""

    number: int
    name: Name
    code: str
    cores: list[Place]  # two: one for each plane of the core network
    metros: list[Place]  # two or more
    pops: list[Place]


def build_places(rows: Rows, plan: Plan) -> list[City]:
    """At least two core and two metro sites a city: a second route needs them."""
    weights = [weight for _, _, weight in CITIES[: plan.cities]]
    spare = max(0, plan.metro_sites - 2 * plan.cities)
    metros = [2 + more for more in share(spare, weights)]
    pops = share(plan.sites - 2 * plan.cities - sum(metros), weights)
    counties = share(plan.counties, weights)
    survey = Survey(rows)
    return [
        survey.build_city(number, *counts)
        for number, counts in enumerate(zip(counties, metros, pops, strict=True))
    ]


class Survey:
    """Where things stand, and what they are called."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._dice = Dice("places")
        self._county_names = set[Name]()
        self._street_names = set[tuple[int, str]]()

    def build_city(self, number: int, counties: int, metros: int, pops: int) -> City:
        name, code, _ = CITIES[number]
        around = self._find_counties(number, counties)
        return City(
            number,
            name,
            code,
            cores=self._build_sites(number, "core", around[:1] * 2),
            metros=self._build_sites(number, "metro", _spread(around, metros)),
            pops=self._build_sites(number, "pop", _spread(around, pops)),
        )

    def _find_counties(self, city: int, count: int) -> list[County]:
        south, west = SOUTH + city // 4, WEST + city % 4
        found = []
        for n in range(count):
            name = self._dice.fresh(coin, self._county_names)
            kind = Name("县", " County") if n > 2 and n % 2 else Name("区", " District")
            latitude = round(south + self._dice.jitter(0.22), 5)
            longitude = round(west + self._dice.jitter(0.22), 5)
            full_name = Name(name.zh + kind.zh, name.en + kind.en)
            found.append(County(full_name, latitude, longitude))
        return found

    def _build_sites(self, city: int, kind: str, counties: list[County]) -> list[Place]:
        return [self._build_site(city, kind, seq, county) for seq, county in enumerate(counties, 1)]

    def _build_site(self, city: int, kind: str, seq: int, county: County) -> Place:
        city_name, letters, _ = CITIES[city]
        _, street = self._dice.fresh(lambda dice: (city, name_street(dice)), self._street_names)
        code = f"{letters}-{kind.upper()}-{seq:04d}"
        latitude = round(county.latitude + self._dice.jitter(0.06), 5)
        longitude = round(county.longitude + self._dice.jitter(0.06), 5)
        site = self._rows.add(
            Site,
            code=code,
            name=street,
            city=city_name.zh,
            county=county.name.zh,
            kind=kind,
            latitude=latitude,
            longitude=longitude,
        )
        return Place(site, code, street, city, county, latitude, longitude)


def _spread(counties: list[County], count: int) -> list[County]:
    """A county for each of `count` sites, neighbours together."""
    return [counties[n * len(counties) // count] for n in range(count)]
