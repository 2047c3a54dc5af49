"""Enterprise customers and whom to call there."""

from sqlmodel import Field, SQLModel

from records.columns import BigId, Json

GRADES = ("AAA", "AA", "A", "std")  # best first: facts of the field, domain.md §2.2


class Customer(SQLModel, table=True):
    """A bank, a hospital, an authority: who the operator made a promise to."""

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    code: str = Field(unique=True)
    name: str = Field(index=True)
    name_en: str = ""
    grade: str = Field(default="std", index=True)
    is_headquarters: bool = False  # 集团首代: a key account at headquarters level
    industry: str = ""
    city: str = ""
    account_manager: str = ""  # 客户经理: a login


class Contact(SQLModel, table=True):
    """A person at the customer's."""

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    customer_id: int = Field(foreign_key="customer.id", index=True)
    name: str
    role: str = ""
    phone: str = ""
    email: str = ""
    language: str = "zh"
    channels: list[str] = Field(default_factory=list, sa_type=Json)  # none: as the policy says
