"""Adding up what was counted of rankings into rates, ratios and intervals. No database, no clock.

What may be told is decided for each shortlist by itself, before anything is added up: every report is a sum of tables
each of which could be published, so that no two reports tell by their difference what none of them tells.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from app.fairness.schemas import DimensionOut, FaringOut, GroupOut, IntervalOut, Stage
from matching import Group
from matching.disparity import FOUR_FIFTHS, Interval, held_back, katz, ratio, skew, wilson
from matching.fairness_population import SAMPLE, TOPS, UNKNOWN, WITHHELD

Groups = Mapping[str, Group]
NO_GROUPS: Final = frozenset({UNKNOWN, WITHHELD, "prefer_not_to_say"})
"""Values that are compared with nobody."""

PROFILE_DIMENSIONS: Final[Mapping[str, str]] = {
    "seniority": "Step of the career that the profile states.",
    "country": "Country that the profile states, ISO 3166-1 alpha-2.",
    "hub_size": "Class of the city the profile names, as the reference data gives it (`GET /v1/cities`): `metropolis`, "
    "`large` or `intermediate`; unknown without a city that is there.",
    "profile_language": "Language of the bios, by the tag they were given: `en`, `es`, `pt`, `other`, or `several`; "
    "unknown without a bio.",
    "career_gap": "`over_a_year`: more than twelve months between two jobs, overlaps joined, within the ten years "
    "before the profile was last indexed; unknown without a job in them.",
}
DECLARED_DIMENSIONS: Final[Mapping[str, str]] = {
    "gender": "As declared by the people themselves.",
    "age_band": "As declared by the people themselves.",
    "ethnicity": "As declared by the people themselves, in the categories of the EEO-1 report.",
    "gender_and_ethnicity": "Both as declared, of those who declared both: the intersections of 6 RCNY 5-301.",
    "disability": "As declared by the people themselves.",
}

NOTES: Final = (
    (
        "Considered are those who passed every gate of the request, as they were when it was ranked; whom a gate "
        "removed is not here, and a gate can weigh on one group more than on another."
    ),
    (
        "Whoever is considered for several shortlists counts once for each, while the intervals take every count for "
        "another person: they are narrower than they should be where the same people come back."
    ),
    (
        "A ratio under four fifths is a reason to look closer and no verdict; one above it is no acquittal. With few "
        "people the interval says more than the ratio."
    ),
    (
        "A group under five people in one shortlist is withheld there, and with it whatever would let it be computed; "
        "where a small group is everywhere small it does not appear at all. Shortlists with fewer than five people are "
        "left out whole."
    ),
    f"Where more than {SAMPLE:,} people are considered, as many are scored for the median, taken at even distances.",
    (
        "What was declared is known of those who chose to, who may differ from those who did not. It is told to the "
        "marketplace alone and never stored with a ranking."
    ),
)
SOURCES: Final = (
    (
        "Scoring rate, impact ratio, categories: Rules of the City of New York, title 6, sections 5-300 and 5-301 "
        "(Local Law 144 of 2021)."
    ),
    "Four-fifths rule: 29 CFR 1607.4(D).",
    "Interval of a rate: Wilson (1927), Journal of the American Statistical Association 22, 209-212.",
    "Interval of a ratio: Katz, Baptista, Azen and Pike (1978), Biometrics 34, 469-474.",
    (
        "Skew and NDKL: Geyik, Ambler and Kenthapadi (2019), Fairness-aware ranking in search and recommendation "
        "systems, KDD 2019."
    ),
)


@dataclass(frozen=True, slots=True)
class Ranked:
    """What was counted of one shortlist, by dimension and value."""

    dimensions: Mapping[str, Groups]
    ndkl: Mapping[str, float]


@dataclass(slots=True)
class Sum:
    """One group over all shortlists."""

    considered: int = 0
    selected: int = 0
    scored: int = 0
    above_median: int = 0
    expected: float = 0.0

    def add(self, group: Group, selected: int, expected: float) -> None:
        """Add the group's counts of one shortlist."""
        self.considered += group.admitted
        self.selected += selected
        self.scored += group.scored
        self.above_median += group.above_median
        self.expected += expected


@dataclass(slots=True)
class Sums:
    """One dimension over all shortlists."""

    groups: dict[str, Sum] = field(default_factory=dict)
    distances: list[float] = field(default_factory=list)


Selection = Callable[[Group], int]
"""How many of a group were selected. A further stage is one more of these."""


def selection_of(stage: Stage, k: int | None) -> Selection:
    """What a stage takes for selected."""
    if stage is Stage.SHORTLISTED:
        return lambda group: group.listed
    depth = TOPS.index(k or 0)
    return lambda group: group.top[depth]


def tellable(groups: Groups) -> Groups:
    """The groups of one shortlist with those that are held back taken together."""
    hidden = held_back({value: group.admitted for value, group in groups.items()})
    if not hidden:
        return groups
    shown = {value: group for value, group in groups.items() if value not in hidden}
    return {**shown, WITHHELD: merged([groups[value] for value in sorted(hidden)])}


def merged(groups: Sequence[Group]) -> Group:
    """Several groups as one."""
    return Group(
        sum(group.admitted for group in groups),
        sum(group.scored for group in groups),
        sum(group.above_median for group in groups),
        sum(group.listed for group in groups),
        tuple(sum(group.top[depth] for group in groups) for depth in range(len(TOPS))),
    )


def summed(lists: Iterable[Ranked], selection: Selection) -> dict[str, Sums]:
    """Every dimension over all shortlists, each as it may be told."""
    found: dict[str, Sums] = {}
    for one in lists:
        for name, groups in one.dimensions.items():
            sums = found.setdefault(name, Sums())
            considered = sum(group.admitted for group in groups.values())
            selected = sum(selection(group) for group in groups.values())
            for value, group in groups.items():
                expected = selected * group.admitted / considered
                sums.groups.setdefault(value, Sum()).add(group, selection(group), expected)
            if name in one.ndkl:
                sums.distances.append(one.ndkl[name])
    return found


def dimension(name: str, definition: str, sums: Sums) -> DimensionOut:
    """One dimension as it is told."""
    told = {value: found for value, found in sums.groups.items() if value != WITHHELD}
    by_selection = _best({value: (found.selected, found.considered) for value, found in told.items()})
    by_score = _best({value: (found.above_median, found.scored) for value, found in told.items()})
    order = sorted(told, key=lambda value: (-told[value].considered, value))
    groups = [
        GroupOut(
            value=value,
            selection=_faring(value, told[value].selected, told[value].considered, _counts(told, by_selection)),
            scoring=_faring(value, told[value].above_median, told[value].scored, _scores(told, by_score)),
            skew=skew(told[value].selected, told[value].expected),
        )
        for value in order
    ]
    if WITHHELD in sums.groups:
        groups.append(GroupOut(value=WITHHELD, selection=None, scoring=None, skew=None))
    return DimensionOut(
        dimension=name,
        source="declared" if name in DECLARED_DIMENSIONS else "profile",
        definition=definition,
        considered=sum(found.considered for found in told.values()),
        reference=by_selection,
        ndkl=sum(sums.distances) / len(sums.distances) if sums.distances else None,
        groups=groups,
    )


def _best(counts: Mapping[str, tuple[int, int]]) -> str | None:
    """The group with the highest rate; of equal ones the larger, then the first by name."""
    rates = {value: (taken / of, of) for value, (taken, of) in counts.items() if of and value not in NO_GROUPS}
    return min(rates, key=lambda value: (-rates[value][0], -rates[value][1], value), default=None)


def _counts(told: Mapping[str, Sum], best: str | None) -> tuple[int, int]:
    return (0, 0) if best is None else (told[best].selected, told[best].considered)


def _scores(told: Mapping[str, Sum], best: str | None) -> tuple[int, int]:
    return (0, 0) if best is None else (told[best].above_median, told[best].scored)


def _faring(value: str, taken: int, of: int, best: tuple[int, int]) -> FaringOut | None:
    interval = wilson(taken, of)
    if interval is None:
        return None
    compared = None if value in NO_GROUPS else ratio(taken, of, *best)
    return FaringOut(
        taken=taken,
        of=of,
        rate=taken / of,
        rate_interval=IntervalOut(low=interval[0], high=interval[1]),
        impact_ratio=compared,
        impact_ratio_interval=None if compared is None else _interval(katz(taken, of, *best)),
        below_four_fifths=None if compared is None else compared < FOUR_FIFTHS,
    )


def _interval(found: Interval | None) -> IntervalOut | None:
    return None if found is None else IntervalOut(low=found[0], high=found[1])
