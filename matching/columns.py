"""The pool's columns: one NumPy array a fact, one row a profile, nothing a gate or a part would have to unpack."""

from collections.abc import Hashable, Sequence
from datetime import date
from typing import Final, Generic, TypeVar
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from matching.hours import Workday
from matching.postings import Postings
from matching.profile import LANGUAGE_MODES, Profile

Value = TypeVar("Value", bound=Hashable)

UNKNOWN: Final = -1
"""Marks an unknown number in every signed column; code 0 marks an empty cell of a list."""

_FIRST_CAPACITY: Final = 1024
_TENTHS: Final = 10


class Codes(Generic[Value]):
    """Small numbers for values, from 1 upwards in order of appearance."""

    def __init__(self) -> None:
        self.values: list[Value | None] = [None]
        self._code: dict[Value, int] = {}

    def __len__(self) -> int:
        return len(self.values)

    def of(self, value: Value) -> int:
        """Code of a value, a new one if need be."""
        code = self._code.get(value)
        if code is None:
            code = self._code[value] = len(self.values)
            self.values.append(value)
        return code

    def known(self, value: Value) -> int | None:
        """Code of a value that has appeared."""
        return self._code.get(value)


class Lists:
    """A list a profile, padded with zeros to the longest: a code and some numbers for each item.

    `postings` answers the other way round: which rows list a code.
    """

    def __init__(self, *numbers: str) -> None:
        self.codes: NDArray[np.uint16 | np.uint32] = np.zeros((_FIRST_CAPACITY, 4), dtype=np.uint16)
        self.numbers = {name: np.full((_FIRST_CAPACITY, 4), UNKNOWN, dtype=np.int32) for name in numbers}
        self.postings = Postings()

    def put(self, row: int, codes: Sequence[int], **numbers: Sequence[int]) -> None:
        """Replace the list of one row."""
        self._widen(len(codes))
        self._deepen(max(codes, default=0))
        self.postings.replace(row, [code for code in self.codes[row].tolist() if code], codes)
        self.codes[row] = 0
        self.codes[row, : len(codes)] = codes
        for name, column in self.numbers.items():
            column[row] = UNKNOWN
            column[row, : len(codes)] = numbers[name]

    def grow(self, capacity: int) -> None:
        """Make room for more rows."""
        extra = capacity - len(self.codes)
        self.codes = np.pad(self.codes, ((0, extra), (0, 0)))
        for name, column in self.numbers.items():
            self.numbers[name] = np.pad(column, ((0, extra), (0, 0)), constant_values=UNKNOWN)

    def _deepen(self, code: int) -> None:
        """Two bytes a code serve until people have written more than 65,535 different things."""
        if code > np.iinfo(self.codes.dtype).max:
            self.codes = self.codes.astype(np.uint32)

    def _widen(self, width: int) -> None:
        extra = width - self.codes.shape[1]
        if extra > 0:
            self.codes = np.pad(self.codes, ((0, 0), (0, extra)))
            for name, column in self.numbers.items():
                self.numbers[name] = np.pad(column, ((0, 0), (0, extra)), constant_values=UNKNOWN)


class Columns:
    """Facts of every profile by row. Dates are proleptic ordinals, years are tenths, rates minor units an hour."""

    NUMBERS: Final = (
        "seniority",
        *(f"english_{mode}" for mode in LANGUAGE_MODES),
        "available_from",
        "weekly_hours",
        "rate",
        "updated_on",
        "finished",
        "succeeded",
    )
    CODED: Final = ("discipline", "country", "currency", "workday")

    def __init__(self) -> None:
        self.capacity = _FIRST_CAPACITY
        self.live: NDArray[np.bool_] = np.zeros(self.capacity, dtype=bool)
        self.id_high: NDArray[np.uint64] = np.zeros(self.capacity, dtype=np.uint64)
        self.id_low: NDArray[np.uint64] = np.zeros(self.capacity, dtype=np.uint64)
        self.numbers = {name: np.full(self.capacity, UNKNOWN, dtype=np.int32) for name in self.NUMBERS}
        self.coded = {name: np.zeros(self.capacity, dtype=np.int32) for name in self.CODED}
        self.skills = Lists("years", "level", "last_used")
        self.domains = Lists("years")
        self.certifications = Lists("expires_on")
        self.disciplines = Codes[str]()
        self.countries = Codes[str]()
        self.currencies = Codes[str]()
        self.workdays = Codes[Workday]()
        self.skill_codes = Codes[str]()
        self.domain_codes = Codes[str]()
        self.certification_codes = Codes[str]()

    def put(self, row: int, profile: Profile) -> None:
        """Write one profile over whatever its row held."""
        if row >= self.capacity:
            self._grow(max(row + 1, self.capacity * 2))
        self.live[row] = True
        self.id_high[row], self.id_low[row] = halves(profile.id)
        for name, number in _numbers(profile).items():
            self.numbers[name][row] = UNKNOWN if number is None else number
        self._put_codes(row, profile)
        self._put_lists(row, profile)

    def clear(self, row: int) -> None:
        """Forget the profile of a row, its facts too."""
        self.live[row] = False
        self.id_high[row] = self.id_low[row] = 0
        for numbers in self.numbers.values():
            numbers[row] = UNKNOWN
        for codes in self.coded.values():
            codes[row] = 0
        for lists in (self.skills, self.domains, self.certifications):
            lists.put(row, (), **dict.fromkeys(lists.numbers, ()))

    def _put_codes(self, row: int, profile: Profile) -> None:
        self.coded["discipline"][row] = self.disciplines.of(profile.discipline)
        self.coded["country"][row] = self.countries.of(profile.country) if profile.country else 0
        self.coded["currency"][row] = self.currencies.of(profile.currency) if profile.currency else 0
        workday = Workday(profile.zone, *profile.window) if profile.zone and profile.window else None
        self.coded["workday"][row] = self.workdays.of(workday) if workday else 0

    def _put_lists(self, row: int, profile: Profile) -> None:
        self.skills.put(
            row,
            [self.skill_codes.of(fact.skill) for fact in profile.skills],
            years=[tenths(fact.years) for fact in profile.skills],
            level=[known(fact.level) for fact in profile.skills],
            last_used=[known(fact.last_used) for fact in profile.skills],
        )
        self.domains.put(
            row,
            [self.domain_codes.of(fact.domain) for fact in profile.domains],
            years=[tenths(fact.years) for fact in profile.domains],
        )
        self.certifications.put(
            row,
            [self.certification_codes.of(fact.certification) for fact in profile.certifications],
            expires_on=[ordinal(fact.expires_on) for fact in profile.certifications],
        )

    def _grow(self, capacity: int) -> None:
        extra = capacity - self.capacity
        self.live = np.pad(self.live, (0, extra))
        self.id_high = np.pad(self.id_high, (0, extra))
        self.id_low = np.pad(self.id_low, (0, extra))
        for name, numbers in self.numbers.items():
            self.numbers[name] = np.pad(numbers, (0, extra), constant_values=UNKNOWN)
        for name, codes in self.coded.items():
            self.coded[name] = np.pad(codes, (0, extra))
        for lists in (self.skills, self.domains, self.certifications):
            lists.grow(capacity)
        self.capacity = capacity


def halves(identifier: UUID) -> tuple[int, int]:
    """Split a UUID into two unsigned 64-bit numbers, most significant first."""
    return identifier.int >> 64, identifier.int & (2**64 - 1)


def tenths(years: float | None) -> int:
    """Years in tenths, or UNKNOWN."""
    return UNKNOWN if years is None else round(years * _TENTHS)


def known(number: int | None) -> int:
    """Return the number, or UNKNOWN."""
    return UNKNOWN if number is None else number


def ordinal(day: date | None) -> int:
    """Return the day's proleptic ordinal, or UNKNOWN."""
    return UNKNOWN if day is None else day.toordinal()


def _numbers(profile: Profile) -> dict[str, int | None]:
    english = profile.english
    return {
        "seniority": profile.seniority,
        "english_speaking": english.speaking,
        "english_listening": english.listening,
        "english_reading": english.reading,
        "english_writing": english.writing,
        "available_from": profile.available_from.toordinal() if profile.available_from else None,
        "weekly_hours": profile.weekly_hours,
        "rate": profile.rate,
        "updated_on": profile.updated_on.toordinal(),
        "finished": profile.delivery.finished if profile.delivery else None,
        "succeeded": profile.delivery.succeeded if profile.delivery else None,
    }
