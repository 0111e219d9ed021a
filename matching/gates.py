"""Gates: what a request insists on, answered pass, fail or unknown for every row at once.

Unknown is not fail: the request says where an unknown answer is enough to leave somebody out.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from matching.brief import Brief
from matching.columns import UNKNOWN, Columns
from matching.hours import Workday, shared_hours
from matching.matches import FULL_CREDIT
from matching.taxonomy import Taxonomy

PASS: Final = 1
UNSURE: Final = 0
FAIL: Final = -1

Rows = NDArray[np.int64]
Outcomes = NDArray[np.int8]

INFORMATION_TECHNOLOGY: Final = frozenset(
    {"software", "data", "cloud", "security", "qa", "support", "legacy", "product"}
)
NEIGHBOURS: Final[Mapping[str, frozenset[str]]] = {
    **dict.fromkeys(INFORMATION_TECHNOLOGY, INFORMATION_TECHNOLOGY),
    "embedded": frozenset({"embedded", "software", "electrical"}),
    "electrical": frozenset({"electrical", "embedded", "mechanical"}),
    "mechanical": frozenset({"mechanical", "electrical", "civil"}),
    "civil": frozenset({"civil", "mechanical"}),
}
"""Disciplines whose people may well do the other's work: neither a pass nor a fail."""


@dataclass(frozen=True, slots=True)
class Gate:
    """One demand: its kind, what it is about (a skill's or certification's id), and its answer by row."""

    kind: str
    subject: str | None
    outcomes: Outcomes

    @property
    def name(self) -> str:
        """Unique within a request: `english`, `skill:python`."""
        return f"{self.kind}:{self.subject}" if self.subject else self.kind


def evaluate_gates(brief: Brief, columns: Columns, rows: Rows, taxonomy: Taxonomy) -> list[Gate]:
    """Answer every gate the brief sets, in a fixed order, for `rows`."""
    gates = list(_skill_gates(brief, columns, rows, taxonomy))
    gates.extend(_certification_gates(brief, columns, rows))
    for kind, (asked, answer) in _SINGLE.items():
        if asked(brief):
            gates.append(Gate(kind, None, answer(brief, columns, rows)))
    return gates


def _skill_gates(brief: Brief, columns: Columns, rows: Rows, taxonomy: Taxonomy) -> Iterator[Gate]:
    without_skills: NDArray[np.bool_] = columns.skills.codes[rows, 0] == 0
    for need in brief.skills:
        if need.must:
            has = holders(columns, need.skill, taxonomy)[rows]
            yield Gate("skill", need.skill, _answers(has, unknown=without_skills))


def holders(columns: Columns, skill: str, taxonomy: Taxonomy) -> NDArray[np.bool_]:
    """By row of the pool, whether the profile lists the skill or one that implies it."""
    held = np.zeros(columns.capacity, dtype=bool)
    for having, credit in taxonomy.skills.credits(skill).items():
        code = columns.skill_codes.known(having)
        if code is not None and round(credit * FULL_CREDIT) >= FULL_CREDIT:
            held[columns.skills.postings.rows_of(code)] = True
    return held


def _certification_gates(brief: Brief, columns: Columns, rows: Rows) -> Iterator[Gate]:
    for need in brief.certifications:
        if need.required:
            held = held_certification(columns, rows, need.certification, brief)
            yield Gate("certification", need.certification, _answers(held, unknown=np.zeros(len(rows), dtype=bool)))


def held_certification(columns: Columns, rows: Rows, certification: str, brief: Brief) -> NDArray[np.bool_]:
    """Which rows hold a certification that is still valid when the role starts."""
    code = columns.certification_codes.known(certification)
    if code is None:
        return np.zeros(len(rows), dtype=bool)
    needed_until = (brief.starts_on or brief.as_of).toordinal()
    expires_on = columns.certifications.numbers["expires_on"][rows]
    valid = (expires_on == UNKNOWN) | (expires_on >= needed_until)
    held: NDArray[np.bool_] = ((columns.certifications.codes[rows] == code) & valid).any(axis=1)
    return held


def shared_minutes(brief: Brief, columns: Columns, rows: Rows) -> NDArray[np.int32]:
    """Fewest minutes of any day of the role that each row works with the client; UNKNOWN without a window."""
    if brief.zone is None or brief.window is None:
        return np.full(len(rows), UNKNOWN, dtype=np.int32)
    team = Workday(brief.zone, *brief.window)
    codes = columns.coded["workday"][rows]
    by_code = np.full(len(columns.workdays), UNKNOWN, dtype=np.int32)
    for code in np.unique(codes):
        workday = columns.workdays.values[code]
        if workday is not None:
            by_code[code] = shared_hours(workday, team, brief.starts_on or brief.as_of, brief.ends_on).fewest
    return by_code[codes]


def _discipline(brief: Brief, columns: Columns, rows: Rows) -> Outcomes:
    assert brief.discipline is not None  # noqa: S101 - asked for
    by_code = np.full(len(columns.disciplines), FAIL, dtype=np.int8)
    for code, discipline in enumerate(columns.disciplines.values):
        if discipline == brief.discipline:
            by_code[code] = PASS
        elif discipline in NEIGHBOURS.get(brief.discipline, ()):
            by_code[code] = UNSURE
    return by_code[columns.coded["discipline"][rows]]


def _english(brief: Brief, columns: Columns, rows: Rows) -> Outcomes:
    assert brief.english is not None  # noqa: S101 - asked for
    levels = np.stack([columns.numbers[f"english_{mode}"][rows] for mode in brief.english_modes])
    too_low = ((levels != UNKNOWN) & (levels < brief.english)).any(axis=0)
    unknown = (levels == UNKNOWN).any(axis=0)
    return _answers(~too_low, unknown=unknown & ~too_low)


def _country(brief: Brief, columns: Columns, rows: Rows) -> Outcomes:
    codes = columns.coded["country"][rows]
    wanted = [code for country in brief.countries if (code := columns.countries.known(country)) is not None]
    return _answers(np.isin(codes, wanted), unknown=codes == 0)


def _shared_hours(brief: Brief, columns: Columns, rows: Rows) -> Outcomes:
    minutes = shared_minutes(brief, columns, rows)
    return _answers(minutes >= (brief.shared_minutes or 0), unknown=minutes == UNKNOWN)


def _start(brief: Brief, columns: Columns, rows: Rows) -> Outcomes:
    assert brief.starts_on is not None  # noqa: S101 - asked for
    available = columns.numbers["available_from"][rows]
    latest = brief.starts_on.toordinal() + brief.start_tolerance_days
    return _answers(available <= latest, unknown=available == UNKNOWN)


def _weekly_hours(brief: Brief, columns: Columns, rows: Rows) -> Outcomes:
    hours = columns.numbers["weekly_hours"][rows]
    return _answers(hours >= (brief.weekly_hours or 0), unknown=hours == UNKNOWN)


def _rate(brief: Brief, columns: Columns, rows: Rows) -> Outcomes:
    assert brief.rate_ceiling is not None  # noqa: S101 - asked for
    rates = columns.numbers["rate"][rows]
    comparable = columns.coded["currency"][rows] == (columns.currencies.known(brief.currency or "") or UNKNOWN)
    return _answers(rates <= brief.rate_ceiling, unknown=(rates == UNKNOWN) | ~comparable)


def _answers(passed: NDArray[np.bool_], *, unknown: NDArray[np.bool_]) -> Outcomes:
    outcomes = np.where(passed, PASS, FAIL).astype(np.int8)
    outcomes[unknown] = UNSURE
    return outcomes


_Answer = Callable[[Brief, Columns, Rows], Outcomes]
_SINGLE: Final[Mapping[str, tuple[Callable[[Brief], bool], _Answer]]] = {
    "discipline": (lambda brief: brief.discipline is not None, _discipline),
    "english": (lambda brief: brief.english is not None, _english),
    "country": (lambda brief: bool(brief.countries), _country),
    "shared_hours": (lambda brief: brief.shared_minutes is not None and brief.zone is not None, _shared_hours),
    "start": (lambda brief: brief.starts_on is not None, _start),
    "weekly_hours": (lambda brief: brief.weekly_hours is not None, _weekly_hours),
    "rate": (lambda brief: brief.rate_ceiling is not None, _rate),
}

GATE_KINDS: Final = ("skill", "certification", *_SINGLE)
