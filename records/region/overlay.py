"""Lays the devices of a recorded alarm trace over those of the region. Used by the replay."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlmodel import Session, col

from records.circuits import Device, Hop

KINDS = ("aggregation", "metro")


class NoRegion(Exception):
    """Nothing to lay a trace over."""

    zh = "数据库中没有承载电路的设备。请先运行：python -m records seed --size S"
    en = "No device here carries a circuit. Run this first: python -m records seed --size S"

    def __str__(self) -> str:
        return self.en


def overlay(session: Session, devices: Iterable[str]) -> dict[str, int]:
    """For each name in the trace the id of a device that carries circuits; always the same one.

    The names are spread evenly over the region. With more names than devices, some share one.
    """
    carries = select(col(Hop.id)).where(col(Hop.device_id) == col(Device.id)).exists()
    query = select(col(Device.id)).where(col(Device.kind).in_(KINDS), carries)
    carriers = session.execute(query.order_by(col(Device.id))).scalars().all()
    if not carriers:
        raise NoRegion
    names = sorted(set(devices), key=lambda name: (len(name), name))  # device_2 before device_12
    return {name: carriers[n * len(carriers) // len(names)] for n, name in enumerate(names)}
