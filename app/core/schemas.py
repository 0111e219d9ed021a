"""What requests and responses are made of."""

import re
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Annotated, Final
from zoneinfo import available_timezones

import pycountry
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    StringConstraints,
)
from pydantic_core import PydanticCustomError

MAX_INTEGER: Final = 2**31 - 1
"""Largest value of a Postgres integer column."""

LANGUAGE_TAG: Final = re.compile(
    r"(?P<language>[a-zA-Z]{2,3})(?:-(?P<script>[a-zA-Z]{4}))?(?:-(?P<region>[a-zA-Z]{2}|\d{3}))?"
)


class Schema(BaseModel):
    """A request: unknown fields, NaN and infinity are refused, and strings lose their outer blanks."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, str_strip_whitespace=True, frozen=True)


class Out(BaseModel):
    """A response, read from a row or from whatever has its attributes."""

    model_config = ConfigDict(from_attributes=True)


class Cefr(StrEnum):
    """Command of a language, by the Common European Framework; a native speaker stands above C2."""

    A1 = "A1"
    A2 = "A2"
    B1 = "B1"
    B2 = "B2"
    C1 = "C1"
    C2 = "C2"
    NATIVE = "native"


@cache
def country_codes() -> frozenset[str]:
    """Every ISO 3166-1 alpha-2 code in use."""
    return frozenset(country.alpha_2 for country in pycountry.countries)


@cache
def currency_codes() -> frozenset[str]:
    """Every ISO 4217 code in use."""
    return frozenset(currency.alpha_3 for currency in pycountry.currencies)


@cache
def language_codes() -> frozenset[str]:
    """Every ISO 639 code that BCP 47 knows: the shortest one of each language."""
    return frozenset(getattr(language, "alpha_2", language.alpha_3) for language in pycountry.languages)


@cache
def zone_names() -> frozenset[str]:
    """Every IANA zone that names a place, and UTC."""
    return frozenset(name for name in available_timezones() if "/" in name or name == "UTC")


def country_code(text: str) -> str:
    """An assigned country code."""
    if text not in country_codes():
        raise ValueError("Must be an ISO 3166-1 alpha-2 country code, such as CO.")
    return text


def currency_code(text: str) -> str:
    """A currency code in use."""
    if text not in currency_codes():
        raise ValueError("Must be an ISO 4217 currency code, such as USD.")
    return text


def zone_name(text: str) -> str:
    """A zone this system has rules for."""
    if text not in zone_names():
        raise ValueError("Must be an IANA time zone, such as America/Bogota.")
    return text


def language_tag(text: str) -> str:
    """A language with its optional script and region, in BCP 47's canonical case."""
    parts = LANGUAGE_TAG.fullmatch(text)
    if parts is None or parts["language"].lower() not in language_codes():
        raise ValueError("Must be a BCP 47 language tag, such as es or pt-BR.")
    tag = (parts["language"].lower(), (parts["script"] or "").title(), (parts["region"] or "").upper())
    return "-".join(filter(None, tag))


def iso_text(value: object) -> object:
    """Pydantic takes 0 for the first of January 1970; whoever sends that made a mistake."""
    if isinstance(value, int | float):
        raise PydanticCustomError("date_type", "Must be an ISO 8601 date, such as 2027-01-04.")
    return value


def upper(value: object) -> object:
    """Codes are accepted in either case."""
    return value.upper() if isinstance(value, str) else value


Name = Annotated[str, StringConstraints(min_length=1, max_length=120)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=300)]
Prose = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
Whole = Annotated[int, Strict()]
Number = Annotated[float, Strict()]
"""Strict, because pydantic would take true for 1."""
IsoDate = Annotated[date, BeforeValidator(iso_text)]
Count = Annotated[Whole, Field(ge=0, le=MAX_INTEGER)]
Email = Annotated[str, StringConstraints(max_length=254, pattern=r"^[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+$")]
CountryCode = Annotated[str, BeforeValidator(upper), AfterValidator(country_code), Field(max_length=2, examples=["CO"])]
Currency = Annotated[str, BeforeValidator(upper), AfterValidator(currency_code), Field(max_length=3, examples=["USD"])]
Zone = Annotated[str, AfterValidator(zone_name), Field(max_length=64, examples=["America/Bogota"])]
LanguageTag = Annotated[str, AfterValidator(language_tag), Field(max_length=11, examples=["pt-BR"])]
ClockTime = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$"), Field(examples=["09:00"])]


class Money(Schema):
    """An amount in the smallest unit of its currency."""

    amount_minor: Annotated[Whole, Field(ge=0, le=10**12, description="Minor units, such as cents.", examples=[5500])]
    currency: Annotated[Currency, Field(description="ISO 4217 code.")]
