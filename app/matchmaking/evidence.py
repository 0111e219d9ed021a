"""What the jobs of a profile bear out: the skills that their titles and summaries name, for as long as they lasted.

A job has dates, and so has what was done in it; a bio has none, and is evidence of nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple

from app.talent.documents import Job
from app.taxonomy.words import Lexicon
from matching import SkillFact
from matching.suspicion import without
from matching.taxonomy import without_gender_marks
from matching.text import without_contacts

MOST_EVIDENCED: Final = 40
MOST_OF_JOB: Final = 15
LONGEST_READ: Final = 6000
"""Characters of a summary in which skills are looked for."""
DAYS_A_YEAR: Final = 365.25

Withheld = Mapping[str, Sequence[tuple[int, int]]]
"""Passages that are evidence of nothing, by JSON pointer to their text and by characters in it."""
NOTHING: Final[Withheld] = {}


class Stint(NamedTuple):
    """A job in which a skill was used; both days count."""

    started_on: date
    ended_on: date
    pointer: str


def dated_skills(
    jobs: Sequence[Job], as_of: date, lexicon: Lexicon, withheld: Withheld, *, hiding: Callable[[str], str]
) -> dict[str, SkillFact]:
    """Skills that jobs name, those used longest first; `hiding` cuts out what would give the person away.

    Time in jobs that overlap counts once, and what is to come after `as_of` does not count.
    """
    stints: defaultdict[str, list[Stint]] = defaultdict(list)
    for at, job in enumerate(jobs):
        if job.started_on <= as_of:
            ended_on = min(job.ended_on or as_of, as_of)
            for concept, pointer in _named(at, job, lexicon, withheld, hiding):
                stints[concept].append(Stint(job.started_on, ended_on, pointer))
    facts = (_fact(concept, held) for concept, held in stints.items())
    longest_first = sorted(facts, key=lambda fact: (-(fact.years or 0.0), fact.skill))
    return {fact.skill: fact for fact in longest_first[:MOST_EVIDENCED]}


def _named(
    at: int, job: Job, lexicon: Lexicon, withheld: Withheld, hiding: Callable[[str], str]
) -> Iterator[tuple[str, str]]:
    """The first MOST_OF_JOB skills that a job names, each with the pointer to where."""
    named: dict[str, str] = {}
    for field, text in (("title", job.title), ("summary", job.summary or "")):
        pointer = f"/work_history/{at}/{field}"
        read = without(text[:LONGEST_READ], withheld.get(pointer, ()))
        for mention in lexicon.mentions(without_gender_marks(without_contacts(hiding(read)))):
            named.setdefault(mention.concept_id, pointer)
    yield from list(named.items())[:MOST_OF_JOB]


def _fact(skill: str, stints: Sequence[Stint]) -> SkillFact:
    latest = max(stints, key=lambda stint: (stint.ended_on, stint.started_on))
    return SkillFact(skill, _years(stints), None, latest.ended_on.year, latest.pointer)


def _years(stints: Sequence[Stint]) -> float:
    """Length of the union of the stints, to a tenth of a year."""
    days, until = 0, date.min
    for stint in sorted(stints):
        start = max(stint.started_on, until)
        days += max(0, (stint.ended_on - start).days)
        until = max(until, stint.ended_on)
    return round(days / DAYS_A_YEAR, 1)
