"""Names that nobody has: coined from rare characters. Used by places, people and customers."""

from typing import NamedTuple

from records.region.dice import Dice


class Name(NamedTuple):
    """What something is called, in both languages."""

    zh: str
    en: str


def _read(names: str) -> tuple[Name, ...]:
    return tuple(Name(*name.split(" ", 1)) for name in names.split("|"))


SYLLABLES = _read(
    "屿 yu|汐 xi|岚 lan|棠 tang|翎 ling|橹 lu|铎 duo|蘅 heng|筠 yun|槿 jin|鸢 yuan|溯 su|霁 ji|"
    "笙 sheng|璟 jing|渚 zhu|帆 fan|桅 wei|鲸 jing|澜 lan|砚 yan|楫 ji|珩 heng|芷 zhi|榕 rong|"
    "礁 jiao|雁 yan|泠 ling|梧 wu|骊 li|昀 yun|锚 mao|潮 chao|苇 wei|鹭 lu|舷 xian"
)
STREETS = ("路", "街", "桥", "湾", "塘", "坊", "里", "门", "岗", "巷")
SURNAMES = _read(
    "王 Wang|李 Li|张 Zhang|刘 Liu|陈 Chen|杨 Yang|赵 Zhao|黄 Huang|周 Zhou|吴 Wu|徐 Xu|孙 Sun|"
    "胡 Hu|朱 Zhu|高 Gao|林 Lin|何 He|郭 Guo|马 Ma|罗 Luo|梁 Liang|宋 Song|郑 Zheng|谢 Xie|"
    "韩 Han|唐 Tang|冯 Feng|于 Yu|董 Dong|萧 Xiao|程 Cheng|曹 Cao|袁 Yuan|邓 Deng|许 Xu|傅 Fu"
)
NUMERALS = "一二三四五六七八九"
BUREAUS = _read(
    "财政局 Finance Bureau|税务局 Tax Bureau|气象局 Weather Bureau|档案馆 Archives|"
    "图书馆 Library|应急管理局 Emergency Bureau|水务局 Water Bureau|交通局 Transport Bureau"
)
TRADES = _read(
    "物流 Logistics|电子 Electronics|纺织 Textiles|食品 Foods|机械 Machinery|船舶 Shipyard|"
    "连锁超市 Supermarkets|酒店 Hotels|软件 Software|建材 Materials|医药 Pharma|渔业 Fisheries"
)
INDUSTRIES = {
    "business": 0.54,
    "government": 0.14,
    "finance": 0.12,
    "education": 0.12,
    "health": 0.08,
}
# {city} and {county} are where the customer is at home; the rest is drawn.
PATTERNS: dict[str, tuple[tuple[str, str], ...]] = {
    "business": (("{city}{coined}{trade}有限公司", "{coined_en} {trade_en}, {city_en}"),),
    "government": (
        ("{city}市{bureau}", "{city_en} City {bureau_en}"),
        ("{county}{bureau}", "{county_en} {bureau_en}"),
        ("{county}{coined}街道办事处", "{coined_en} Subdistrict, {county_en}"),
    ),
    "finance": (
        ("{city}{coined}银行", "{coined_en} Bank of {city_en}"),
        ("{coined}证券{city}营业部", "{coined_en} Securities, {city_en}"),
        ("{coined}保险{city}分公司", "{coined_en} Insurance, {city_en}"),
    ),
    "education": (
        ("{city}{coined}学院", "{coined_en} College, {city_en}"),
        ("{county}{coined}中学", "{coined_en} School, {county_en}"),
        ("{county}第{n}中学", "{county_en} No. {number} School"),
    ),
    "health": (
        ("{city}市第{n}医院", "{city_en} No. {number} Hospital"),
        ("{county}第{n}医院", "{county_en} No. {number} Hospital"),
        ("{county}{coined}诊所", "{coined_en} Clinic, {county_en}"),
    ),
}


def coin(dice: Dice) -> Name:
    """Two different syllables: 汐岚 Xilan."""
    first = dice.pick(SYLLABLES)
    second = dice.pick(SYLLABLES)
    while second == first:
        second = dice.pick(SYLLABLES)
    return Name(first.zh + second.zh, (first.en + second.en).title())


def name_street(dice: Dice) -> str:
    return coin(dice).zh + dice.pick(STREETS)


def name_person(dice: Dice) -> Name:
    surname, given = dice.pick(SURNAMES), coin(dice)
    return Name(surname.zh + given.zh, f"{given.en} {surname.en}")


def name_customer(dice: Dice, industry: str, city: Name, county: Name) -> Name:
    zh, en = dice.pick(PATTERNS[industry])
    number, coined = dice.below(9) + 1, coin(dice)
    bureau, trade = dice.pick(BUREAUS), dice.pick(TRADES)
    words = {"city": city, "county": county, "coined": coined, "bureau": bureau, "trade": trade}
    return Name(
        zh.format(n=NUMERALS[number - 1], **{key: name.zh for key, name in words.items()}),
        en.format(number=number, **{f"{key}_en": name.en for key, name in words.items()}),
    )


def make_phone(dice: Dice) -> str:
    """No exchange begins with 000."""
    return f"000-{dice.below(10_000):04d}-{dice.below(10_000):04d}"
