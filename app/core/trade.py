"""Words of the trade that profiles and requests share."""

from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from app.core.schemas import ClockTime, Money, Schema, Whole


class Discipline(StrEnum):
    """The trades of the marketplace."""

    SOFTWARE = "software"
    DATA = "data"
    CLOUD = "cloud"
    SECURITY = "security"
    QA = "qa"
    SUPPORT = "support"
    LEGACY = "legacy"
    PRODUCT = "product"
    MECHANICAL = "mechanical"
    CIVIL = "civil"
    ELECTRICAL = "electrical"
    EMBEDDED = "embedded"


class Seniority(StrEnum):
    """Steps of a career, in order."""

    INTERN = "intern"
    JUNIOR = "junior"
    MID = "mid"
    SENIOR = "senior"
    LEAD = "lead"
    PRINCIPAL = "principal"

    @property
    def rank(self) -> int:
        """Place in the order, from 0."""
        return list(Seniority).index(self)


class WorkingWindow(Schema):
    """Hours of the local day; one that ends before it starts runs over midnight."""

    starts_at: ClockTime = Field(description="Local time.", examples=["09:00"])
    ends_at: ClockTime = Field(description="Local time.", examples=["18:00"])

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self.starts_at == self.ends_at:
            raise ValueError("The window must not be empty.")
        return self

    @property
    def minutes(self) -> tuple[int, int]:
        """Start and end in minutes after local midnight."""
        return _minutes(self.starts_at), _minutes(self.ends_at)


class HourlyRate(Money):
    """The price of an hour, in the smallest unit of its currency."""

    amount_minor: Annotated[
        Whole, Field(ge=0, le=2_000_000_000, description="Minor units, such as cents.", examples=[5500])
    ]


def clock_window(start: int | None, end: int | None) -> dict[str, str] | None:
    """A stored window, in minutes after local midnight, as clock times."""
    if start is None or end is None:
        return None
    return {"starts_at": _clock(start), "ends_at": _clock(end)}


def money(amount_minor: int | None, currency: str | None) -> dict[str, Any] | None:
    """A stored amount with its currency."""
    return None if amount_minor is None else {"amount_minor": amount_minor, "currency": currency}


def _minutes(clock: str) -> int:
    hours, rest = clock.split(":")
    return int(hours) * 60 + int(rest)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
