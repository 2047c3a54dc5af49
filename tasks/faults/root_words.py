"""What customers are told of a root, by its kind. No names of places: some are customers' own."""

from collections.abc import Mapping

from tasks.faults.impact import SITE_DOWN

KNOWN = {
    "site": ("我们一个机房的设备故障", "a fault in one of our equipment rooms"),
    "device": ("我们的一台传输设备故障", "a fault of one of our devices"),
    "card": ("我们设备的一块板卡故障", "a card failed in one of our devices"),
    "port": ("我们设备的一个端口故障", "a port failed on one of our devices"),
    "duct": ("光缆管道受损,多段光缆中断", "a duct is damaged and several cables in it are cut"),
    "section": ("光缆线路中断", "a fibre cable is broken"),
}
POWER = ("我们一个机房的供电故障", "a power failure in one of our equipment rooms")
WORSE = {"duct": ("光缆线路质量下降", "the light on a fibre cable has become weak")}
WORSE["section"] = WORSE["duct"]


def known_of(kind: str, cause: str, impact: str) -> Mapping[str, str] | None:
    """None where there is nothing to say yet."""
    if cause in SITE_DOWN:
        told: tuple[str, str] | None = POWER
    elif impact != "outage" and kind in WORSE:
        told = WORSE[kind]
    else:
        told = KNOWN.get(kind)
    return dict(zip(("zh", "en"), told, strict=True)) if told else None
