"""How far it is and how long people travel. Pure; the model is the policy "distances".

Known ways first ("HZ-DJ|HZ-CB": minutes); else the line through the air, by the detour that roads
take and the speed of such a distance; slower at night where it says so. Replace the numbers with
those of a road map, or list the ways that matter.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from math import asin, ceil, cos, radians, sin, sqrt
from typing import Any

from records import Site
from tasks.faults.impact import ZONE

EARTH_KM = 6_371.0
Rules = Mapping[str, Any]


@dataclass(frozen=True)
class Way:
    """From one place to another; `kilometres` is None where nobody knows one of the places."""

    kilometres: float | None
    minutes: int


def travel(rules: Rules, start: Site | None, end: Site, at: datetime) -> Way:
    """The way by road, with the time to get ready, for somebody who sets out at `at`."""
    ready = rules["ready_minutes"]
    if start is None or not (is_placed(start) and is_placed(end)):
        return Way(None, ceil(rules["unknown_minutes"] + ready))
    kilometres = apart(start, end) * rules["detour"]
    minutes = _known(rules, start, end)
    if minutes is None:
        minutes = kilometres / _speed(rules, kilometres) * 60 / _factor(rules, at)
    return Way(round(kilometres, 1), ceil(minutes + ready))


def apart(a: Site, b: Site) -> float:
    """Kilometres through the air (haversine)."""
    south, north = radians(a.latitude), radians(b.latitude)
    half = sin((north - south) / 2) ** 2
    half += cos(south) * cos(north) * sin(radians(b.longitude - a.longitude) / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(min(1.0, half)))


def is_placed(site: Site) -> bool:
    return bool(site.latitude or site.longitude)


def _known(rules: Rules, start: Site, end: Site) -> float | None:
    known = rules.get("known", {})
    there, back = f"{start.code}|{end.code}", f"{end.code}|{start.code}"
    found: float | None = known.get(there, known.get(back))
    return found


def _speed(rules: Rules, kilometres: float) -> float:
    """Kilometres an hour; beyond the last step, as in it."""
    speeds = rules["speeds"]
    fit = next((each for each in speeds if kilometres <= each["up_to_km"]), speeds[-1])
    return float(fit["kmh"])


def _factor(rules: Rules, at: datetime) -> float:
    night, hour = rules["night"], at.astimezone(ZONE).hour
    begins, ends = night["from"], night["to"]
    is_night = begins <= hour < ends if begins <= ends else hour >= begins or hour < ends
    return float(night["factor"]) if is_night else 1.0
