"""Teams (班组): people who go out together, and where they set out from. Verbs: tasks/field.

A group (records/people.py) is a queue of work orders; a team is who sits in one van.
"""

from sqlmodel import Field, SQLModel

from records.columns import BigId


class Team(SQLModel, table=True):
    """Some people with a base, a lead, vehicles and instruments."""

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    key: str = Field(unique=True)
    name: str
    name_en: str = ""
    city: str = Field(default="", index=True)
    base_site_id: int | None = Field(default=None, foreign_key="site.id")
    lead: str = ""  # a login: told when a certificate or a calibration runs out


class Teammate(SQLModel, table=True):
    """A person in the one team that they belong to."""

    person_id: int = Field(foreign_key="person.id", primary_key=True)
    team_id: int = Field(foreign_key="team.id", index=True)
