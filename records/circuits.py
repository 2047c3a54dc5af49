"""Inventory: sites, devices, fibre sections, and the circuits of customers hop by hop."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from records.columns import BigId, UtcDateTime

MANAGEABILITY = ("none", "partial", "full")  # worst first; a circuit's is that of its worst hop


class Site(SQLModel, table=True):
    """A place: a room of the operator's, or a customer's."""

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    code: str = Field(unique=True)
    name: str
    city: str = Field(index=True)
    county: str = ""
    kind: str = "pop"  # pop, metro, core, customer
    latitude: float = 0.0
    longitude: float = 0.0


class Device(SQLModel, table=True):
    """A network element."""

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    code: str = Field(unique=True)
    name: str = Field(index=True)  # some sources know it by this
    site_id: int = Field(foreign_key="site.id", index=True)
    kind: str  # CPE, MSAP, ONU, aggregation, metro, core, EMS …
    vendor: str = ""
    manageability: str = "full"


class Section(SQLModel, table=True):
    """A length of fibre between two sites, in a duct that it may share with others."""

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    code: str = Field(unique=True)
    from_site_id: int = Field(foreign_key="site.id", index=True)
    to_site_id: int = Field(foreign_key="site.id", index=True)
    duct: str = Field(default="", index=True)
    metres: int = 0


class Circuit(SQLModel, table=True):
    """A service sold to a customer, from its A end to its Z end."""

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    code: str = Field(unique=True)
    customer_id: int = Field(foreign_key="customer.id", index=True)
    product: str = Field(index=True)  # DIA, MSTP, IP-VPN, voice, SDH, OTN, DDN
    grade: str = "std"  # assurance grade; the limit uses the better of this and the customer's
    megabits: int = 0
    a_site_id: int = Field(foreign_key="site.id")
    z_site_id: int = Field(foreign_key="site.id")
    is_protected: bool = False
    manageability: str = "full"  # that of its worst hop, kept with it
    opened_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # 起租, where it is known
    ceased_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # 拆机: no hops then


class Hop(SQLModel, table=True):
    """One device that a circuit passes, and the section that leads on from it."""

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    circuit_id: int = Field(foreign_key="circuit.id", index=True)
    route: str = "main"  # main, backup
    seq: int
    device_id: int = Field(foreign_key="device.id", index=True)
    port: str = ""
    section_id: int | None = Field(default=None, foreign_key="section.id", index=True)
