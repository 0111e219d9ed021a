"""Looking through a whole profile: every text a firm writes, and what its list of skills claims."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from app.matchmaking.evidence import LONGEST_READ
from app.talent.models import Engineer
from app.taxonomy.words import Taxonomy, key
from matching.suspicion import (
    MOST_IN_ENTRY,
    MOST_UNDATED,
    Finding,
    Kind,
    examine,
    examine_line,
    implausible_years,
    pasted,
    prints,
)

MOST_FINDINGS: Final = 40
LONGEST_PASSAGE: Final = 500
CAREER_SLACK: Final = 10
"""Years that a skill may be older than the first job that is told of: histories are often cut short."""

Prints = Collection[int]


@dataclass(frozen=True, slots=True)
class Found:
    """A finding, where in the profile it is, and the passage."""

    pointer: str
    finding: Finding
    passage: str

    @property
    def likeness(self) -> str:
        """What two findings of the same share, wherever in a list they stand now."""
        field = "/".join(step for step in self.pointer.split("/") if not step.isdigit())
        return f"{field}|{self.finding.kind}|{self.passage}"


def numbered(found: Sequence[Found]) -> Iterator[tuple[int, Found]]:
    """Each finding with how many like it come before."""
    before: Counter[str] = Counter()
    for one in found:
        yield before[one.likeness], one
        before[one.likeness] += 1


def text_at(engineer: Engineer, pointer: str) -> str:
    """The text of a profile that a pointer of a finding names; empty where there is none."""
    return dict((*_lines(engineer), *_prose(engineer))).get(pointer, "")


def findings_of(engineer: Engineer, words: Taxonomy, requests: Sequence[Prints]) -> list[Found]:
    """What is found in a profile, at most MOST_FINDINGS; `requests` are the hashes of what clients have written."""
    found = [*_in_texts(engineer, words, requests), *_in_skills(engineer, words)]
    return found[:MOST_FINDINGS]


def _in_texts(engineer: Engineer, words: Taxonomy, requests: Sequence[Prints]) -> Iterator[Found]:
    for pointer, text in _lines(engineer):
        yield from _at(pointer, text, examine_line(text, words))
    for pointer, text in _prose(engineer):
        read = text[:LONGEST_READ]
        yield from _at(pointer, read, [*examine(read, words), *_pasted(read, requests)])
    for at, skill in enumerate(engineer.skills):
        found = examine_line(skill.written, words, most=MOST_IN_ENTRY)
        yield from _at(f"/skills/{at}/written", skill.written, found)


def _lines(engineer: Engineer) -> Iterator[tuple[str, str]]:
    yield "/title", engineer.title
    for at, job in enumerate(engineer.work_history):
        yield f"/work_history/{at}/title", job.title


def _prose(engineer: Engineer) -> Iterator[tuple[str, str]]:
    for at, bio in enumerate(engineer.bios):
        yield f"/bios/{at}/text", bio.text
    for at, job in enumerate(engineer.work_history):
        yield f"/work_history/{at}/summary", job.summary or ""


def _pasted(text: str, requests: Sequence[Prints]) -> Iterator[Finding]:
    own = prints(text)
    for theirs in requests:
        yield from pasted(own, theirs)


def _at(pointer: str, text: str, findings: Sequence[Finding]) -> Iterator[Found]:
    for finding in findings:
        yield Found(pointer, finding, text[finding.start : finding.end][:LONGEST_PASSAGE])


def _in_skills(engineer: Engineer, words: Taxonomy) -> Iterator[Found]:
    claims = [skill.written for skill in engineer.skills if skill.years is None and skill.last_used is None]
    if len(claims) > MOST_UNDATED:
        reason = f"{len(claims)} skills without years or a year of last use"
        yield Found("/skills", Finding(Kind.KEYWORD_LIST, 0, 0, reason), ", ".join(claims)[:LONGEST_PASSAGE])
    this_year = engineer.updated_at.year
    career = this_year - min((job.started_on.year for job in engineer.work_history), default=0)
    for at, skill in enumerate(engineer.skills):
        years = float(skill.years or 0)
        concept = skill.skill_id or words.skills.find(skill.written) or key(skill.written)
        why = implausible_years(concept, years, this_year)
        if why is None and engineer.work_history and years > career + CAREER_SLACK:
            why = f"more years than the {career} since the first job"
        if why is not None:
            passage = f"{skill.written}: {years:g} years"
            yield Found(f"/skills/{at}/years", Finding(Kind.IMPLAUSIBLE, 0, 0, why), passage)
