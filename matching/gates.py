"""Gates: what a request insists on, answered pass, fail or unknown for every row at once.

Unknown is not fail: the request says where an unknown answer is enough to leave somebody out.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from matching.brief import Brief
from matching.columns import UNKNOWN, Columns, Vocabularies
from matching.hours import Workday, shared_hours
from matching.matches import FULL_CREDIT, credit_table, holders
from matching.profile import LANGUAGE_MODES
from matching.taxonomy import Taxonomy

PASS: Final = 1
UNSURE: Final = 0
FAIL: Final = -1

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
    """One demand: its kind, what it is about (a skill's or certification's id), and how rows answer it.

    `answer` gives PASS, UNSURE or FAIL by row, of columns whose vocabularies the gate was made with.
    """

    kind: str
    subject: str | None
    answer: Callable[[Columns], Outcomes]

    @property
    def name(self) -> str:
        """Unique within a request: `english`, `skill:python`."""
        return f"{self.kind}:{self.subject}" if self.subject else self.kind


def gates_of(brief: Brief, words: Vocabularies, taxonomy: Taxonomy) -> list[Gate]:
    """Every gate the brief sets, in a fixed order; what depends on the brief alone is worked out here, once."""
    gates = list(_skill_gates(brief, words, taxonomy))
    gates.extend(_certification_gates(brief, words))
    for kind, (asked, gate) in _SINGLE.items():
        if asked(brief):
            gates.append(Gate(kind, None, gate(brief, words)))
    return gates


def _skill_gates(brief: Brief, words: Vocabularies, taxonomy: Taxonomy) -> Iterator[Gate]:
    for need in brief.skills:
        if need.must:
            table = credit_table(taxonomy.skills.credits(need.skill), words.skills)
            yield Gate("skill", need.skill, _skill(table >= FULL_CREDIT))


def _skill(wanted: NDArray[np.bool_]) -> "_Answer":
    """Whether a profile lists the skill or one that implies it; unknown for one that lists none at all."""

    def answer(columns: Columns) -> Outcomes:
        return _answers(holders(columns, "skills", wanted), unknown=columns.fixed["skill_count"] == 0)

    return answer


def _certification_gates(brief: Brief, words: Vocabularies) -> Iterator[Gate]:
    for need in brief.certifications:
        if need.required:
            yield Gate("certification", need.certification, _certification(brief, need.certification, words))


def _certification(brief: Brief, certification: str, words: Vocabularies) -> "_Answer":
    def answer(columns: Columns) -> Outcomes:
        return _answers(held_certification(columns, certification, brief, words), unknown=None)

    return answer


def held_certification(columns: Columns, certification: str, brief: Brief, words: Vocabularies) -> NDArray[np.bool_]:
    """Which rows hold a certification that is still valid when the role starts."""
    held = np.zeros(len(columns), dtype=bool)
    code = words.certifications.known(certification)
    if code is not None:
        lists = columns.lists["certifications"]
        item = np.flatnonzero(lists.items["code"] == code)
        expires_on = lists.items["expires_on"].take(item)
        valid = (expires_on == UNKNOWN) | (expires_on >= (brief.starts_on or brief.as_of).toordinal())
        held[lists.owners(item[valid])] = True
    return held


def shared_minutes(brief: Brief, words: Vocabularies) -> NDArray[np.int32]:
    """Fewest minutes of any day of the role that each working day, by code, has in common with the client's.

    UNKNOWN without a window.
    """
    asked = (brief.zone, brief.window, brief.starts_on or brief.as_of, brief.ends_on)
    return words.workdays.worked_out(asked, lambda: _shared_minutes(brief, words))


def _shared_minutes(brief: Brief, words: Vocabularies) -> NDArray[np.int32]:
    by_code = np.full(len(words.workdays), UNKNOWN, dtype=np.int32)
    if brief.zone is None or brief.window is None:
        return by_code
    team = Workday(brief.zone, *brief.window)
    for code in range(1, len(by_code)):
        workday = words.workdays.values[code]
        if workday is not None:
            by_code[code] = shared_hours(workday, team, brief.starts_on or brief.as_of, brief.ends_on).fewest
    return by_code


def english_levels(words: Vocabularies, modes: tuple[str, ...]) -> NDArray[np.int64]:
    """Level by code and mode, shape (codes, modes); UNKNOWN where nobody has said."""
    unstated = (UNKNOWN,) * len(LANGUAGE_MODES)
    levels = np.array([value or unstated for value in words.levels.values], dtype=np.int64)
    return levels[:, [LANGUAGE_MODES.index(mode) for mode in modes]]


def _discipline(brief: Brief, words: Vocabularies) -> "_Answer":
    assert brief.discipline is not None  # noqa: S101 - asked for
    by_code = np.full(len(words.disciplines), FAIL, dtype=np.int8)
    for code, discipline in enumerate(words.disciplines.values):
        if discipline == brief.discipline:
            by_code[code] = PASS
        elif discipline in NEIGHBOURS.get(brief.discipline, ()):
            by_code[code] = UNSURE
    return _by_code("discipline", by_code)


def _english(brief: Brief, words: Vocabularies) -> "_Answer":
    assert brief.english is not None  # noqa: S101 - asked for
    levels = english_levels(words, brief.english_modes)
    too_low = ((levels != UNKNOWN) & (levels < brief.english)).any(axis=1)
    unknown = (levels == UNKNOWN).any(axis=1)
    return _by_code("english", _answers(~too_low, unknown=unknown & ~too_low))


def _country(brief: Brief, words: Vocabularies) -> "_Answer":
    passed = np.array([country in brief.countries for country in words.countries.values])
    return _by_code("country", _answers(passed, unknown=np.arange(len(passed)) == 0))


def _shared_hours(brief: Brief, words: Vocabularies) -> "_Answer":
    minutes = shared_minutes(brief, words)
    return _by_code("workday", _answers(minutes >= (brief.shared_minutes or 0), unknown=minutes == UNKNOWN))


def _start(brief: Brief, _words: Vocabularies) -> "_Answer":
    assert brief.starts_on is not None  # noqa: S101 - asked for
    latest = brief.starts_on.toordinal() + brief.start_tolerance_days

    def answer(columns: Columns) -> Outcomes:
        available = columns.fixed["available_from"]
        return _answers(available <= latest, unknown=available == UNKNOWN)

    return answer


def _weekly_hours(brief: Brief, _words: Vocabularies) -> "_Answer":
    def answer(columns: Columns) -> Outcomes:
        hours = columns.fixed["weekly_hours"]
        return _answers(hours >= (brief.weekly_hours or 0), unknown=hours == UNKNOWN)

    return answer


def _rate(brief: Brief, words: Vocabularies) -> "_Answer":
    assert brief.rate_ceiling is not None  # noqa: S101 - asked for
    ceiling, ours = brief.rate_ceiling, words.currencies.known(brief.currency or "")

    def answer(columns: Columns) -> Outcomes:
        rates = columns.fixed["rate"]
        return _answers(rates <= ceiling, unknown=(rates == UNKNOWN) | ~comparable(columns.fixed["currency"], ours))

    return answer


def comparable(currencies: NDArray[np.uint32], ours: int | None) -> NDArray[np.bool_]:
    """Which rates are in the currency of the request."""
    return np.zeros(len(currencies), dtype=bool) if ours is None else currencies == ours


def _by_code(column: str, outcomes: Outcomes) -> "_Answer":
    def answer(columns: Columns) -> Outcomes:
        return outcomes.take(columns.fixed[column])

    return answer


def _answers(passed: NDArray[np.bool_], *, unknown: NDArray[np.bool_] | None) -> Outcomes:
    # True is PASS and False must become FAIL: twice the truth less one.
    outcomes = passed.view(np.int8) * np.int8(2) - np.int8(1)
    if unknown is not None:
        outcomes *= ~unknown
    return outcomes


_Answer = Callable[[Columns], Outcomes]
_SINGLE: Final[Mapping[str, tuple[Callable[[Brief], bool], Callable[[Brief, Vocabularies], _Answer]]]] = {
    "discipline": (lambda brief: brief.discipline is not None, _discipline),
    "english": (lambda brief: brief.english is not None, _english),
    "country": (lambda brief: bool(brief.countries), _country),
    "shared_hours": (lambda brief: brief.shared_minutes is not None and brief.zone is not None, _shared_hours),
    "start": (lambda brief: brief.starts_on is not None, _start),
    "weekly_hours": (lambda brief: brief.weekly_hours is not None, _weekly_hours),
    "rate": (lambda brief: brief.rate_ceiling is not None, _rate),
}

GATE_KINDS: Final = ("skill", "certification", *_SINGLE)
