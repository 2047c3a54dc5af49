"""People, their groups, and what lets them in. Verbs: tasks/access/people.py."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from records.columns import BigId, Json, UtcDateTime


class Person(SQLModel, table=True):
    """Somebody, or some machine, that acts."""

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    login: str = Field(unique=True)
    name: str
    name_en: str = ""
    roles: list[str] = Field(default_factory=list, sa_type=Json)
    skills: list[str] = Field(default_factory=list, sa_type=Json)
    city: str = ""
    phone: str = ""
    email: str = ""
    language: str = "zh"
    channels: list[str] = Field(default_factory=list, sa_type=Json)  # none: as the policy says
    password_hash: str = ""  # argon2id; empty: cannot sign in with a password
    active: bool = True
    created_at: datetime = Field(sa_type=UtcDateTime)

    @property
    def scopes(self) -> frozenset[str] | None:
        """What the token that they came with limits them to; None where they came without one."""
        return self.__dict__.get("_scopes")

    def limit(self, scopes: list[str]) -> None:
        self.__dict__["_scopes"] = frozenset(scopes)


class Group(SQLModel, table=True):
    """A queue of work orders and the people who may take them. A lane of a diagram names it."""

    __tablename__ = "crew"  # GROUP is a word of SQL

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    key: str = Field(unique=True)
    name: str = Field(unique=True)
    name_en: str = ""


class Membership(SQLModel, table=True):
    """A person in a group."""

    person_id: int = Field(foreign_key="person.id", primary_key=True)
    group_id: int = Field(foreign_key="crew.id", primary_key=True, index=True)


class SignIn(SQLModel, table=True):
    """A session of a browser. Only the hash of its cookie is kept."""

    secret_hash: str = Field(primary_key=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    started_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class FailedSignIn(SQLModel, table=True):
    """How often a login, known or not, was tried in vain since it last let somebody in."""

    login_hash: str = Field(primary_key=True)  # people type their password there by mistake
    tally: int = 1
    last_at: datetime = Field(sa_type=UtcDateTime)


class Token(SQLModel, table=True):
    """A key for a program: hashed, limited to scopes, revocable."""

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    person_id: int = Field(foreign_key="person.id", index=True)
    name: str
    secret_hash: str = Field(unique=True)
    scopes: list[str] = Field(default_factory=list, sa_type=Json)
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class KeptAnswer(SQLModel, table=True):
    """What a POST answered under its Idempotency-Key, so that a repeat gets the same answer."""

    person_id: int = Field(primary_key=True)
    key: str = Field(primary_key=True)
    request_hash: str
    answer: dict = Field(default_factory=dict, sa_type=Json)  # type: ignore[type-arg]
    kept_at: datetime = Field(sa_type=UtcDateTime, index=True)
