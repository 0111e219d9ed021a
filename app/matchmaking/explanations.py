"""An explanation as it is stored, without a language, and as it is told in one.

Whole numbers of the ranking become the fractions callers read. What was frozen before explanations were stored apart
from their words holds English sentences; they are told as they are.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from app.taxonomy.words import Taxonomy
from matching import (
    LANGUAGES,
    SCORE_UNIT,
    VALUE_UNIT,
    Closeness,
    Explanation,
    GateReport,
    PartScore,
    Ranked,
    Standing,
    Words,
)
from matching.answers import SkillMatch
from matching.brief import WEIGHT_UNIT
from matching.explanation import GateReason
from matching.messages import Reason, say
from matching.requirements import Requirement, Unstated

ENGLISH: Final = LANGUAGES[0]
_BEFORE: Final[Mapping[str, Any]] = {"requirements": [], "unstated": []}
"""What an explanation in English sentences does not have."""


def document_of(explanation: Explanation, ranked: Ranked) -> dict[str, Any]:
    """Everything said about one candidate, in no language."""
    reasons = {reason.part: reason for reason in explanation.parts}
    return {
        "summary": list(explanation.summary),
        "parts": [
            {**_part(part), "reason": list(reasons[part.part].reason), "evidence": list(reasons[part.part].evidence)}
            for part in ranked.parts
        ],
        "gates": [{**_fields(gate), "reason": list(gate.reason)} for gate in explanation.gates],
        "skills": [_fields(skill) for skill in explanation.skills],
        "missing": list(explanation.missing),
        "requirements": [_requirement(one) for one in explanation.requirements],
        "unstated": [_unstated(one) for one in explanation.unstated],
    }


def closeness_document(closeness: Closeness) -> dict[str, Any]:
    """How close a candidate came, as it is kept so that the ranking can be computed again."""
    return {"title": closeness.title, "past": closeness.past, "skills": list(closeness.skills)}


def closeness_of(explanation: Mapping[str, Any]) -> Closeness:
    """The same out of a stored explanation."""
    kept = explanation["closeness"]
    return Closeness(kept["title"], kept["past"], tuple(kept["skills"]))


def language_of(documents: Sequence[Mapping[str, Any]], wanted: str) -> str:
    """The language these can be told in: the wanted one, or English when one of them is in English already."""
    return ENGLISH if any(isinstance(document["summary"], str) for document in documents) else wanted


def told(document: Mapping[str, Any], words: Words) -> dict[str, Any]:
    """A stored explanation in a language; `language_of` says in which it can be."""
    if isinstance(document["summary"], str):
        return {**document, **_BEFORE}
    sentence = words.sentence
    return {
        **document,
        "summary": sentence(document["summary"]),
        "parts": [{**part, "reason": sentence(part["reason"])} for part in document["parts"]],
        "gates": [{**gate, "reason": sentence(gate["reason"])} for gate in document["gates"]],
        "requirements": [_told_requirement(one, words) for one in document["requirements"]],
        "unstated": [{**one, "reason": sentence(one["reason"])} for one in document["unstated"]],
    }


def verdict(standing: Standing, kept_out_by: Sequence[str], admitted: int | None) -> Reason:
    """Where somebody stands, in one message; `kept_out_by` are gates as messages have them, `admitted` how many are."""
    if kept_out_by:
        return (say("verdict.kept_out", gates=list(kept_out_by), place=standing.place),)
    if admitted is None:
        return (say("verdict.stands", place=standing.place),)
    return (say("verdict.admitted", place=standing.place, admitted=admitted),)


def gates_named(names: Sequence[str], taxonomy: Taxonomy) -> tuple[str, ...]:
    """Gates as messages have them, `skill:Python`, from the names the ranking gives them, `skill:python`."""
    parted = [(kind, subject or None) for kind, _, subject in (name.partition(":") for name in names)]
    return tuple(
        kind if subject is None else f"{kind}:{gate_subject(kind, subject, taxonomy)}" for kind, subject in parted
    )


def gate_document(report: GateReport, taxonomy: Taxonomy) -> dict[str, Any]:
    """What one gate did, with the name of what it is about where there is one."""
    return {**_fields(report), "name": gate_subject(report.kind, report.subject, taxonomy)}


def gate_subject(kind: str, subject: str | None, taxonomy: Taxonomy) -> str | None:
    """Name of the skill or certification a gate is about."""
    if subject is None:
        return None
    lexicon = taxonomy.skills if kind == "skill" else taxonomy.certifications
    return lexicon.name_of(subject)


def gate_name(gate: Mapping[str, Any], words: Words) -> str:
    """A gate's name in a language: what it is about, or its kind."""
    if gate["subject"] is not None:
        return str(gate["name"])
    kind = words.term("gate", gate["kind"])
    return f"{kind[:1].upper()}{kind[1:]}"


def shares(weights: Mapping[str, int]) -> dict[str, float]:
    """Weights as fractions of one."""
    return {part: weight / WEIGHT_UNIT for part, weight in weights.items()}


def fraction(score: int) -> float:
    """A score in billionths as a fraction of one."""
    return score / SCORE_UNIT


def _told_requirement(stored: Mapping[str, Any], words: Words) -> dict[str, Any]:
    name, through, spread = stored["name"], stored["through"], stored["range"]
    return {
        **stored,
        "name": gate_name(stored, words) if name is None else words.name(name),
        "through": None if through is None else words.name(through),
        "reason": words.sentence(stored["reason"]),
        "range": None if spread is None else {**spread, "reason": words.sentence(spread["reason"])},
    }


def _requirement(requirement: Requirement) -> dict[str, Any]:
    spread = {
        "low": fraction(requirement.low),
        "high": fraction(requirement.high),
        "reason": list(requirement.range_reason),
    }
    return {
        "kind": requirement.kind,
        "subject": requirement.subject,
        "name": requirement.name,
        "must": requirement.must,
        "state": requirement.state,
        "relation": requirement.relation,
        "through": requirement.through,
        "evidence": list(requirement.evidence),
        "range": spread if requirement.range_reason else None,
        "reason": list(requirement.reason),
    }


def _unstated(unstated: Unstated) -> dict[str, Any]:
    return {
        "part": unstated.part,
        "low": fraction(unstated.low),
        "high": fraction(unstated.high),
        "reason": list(unstated.reason),
    }


def _fields(record: GateReason | SkillMatch | GateReport) -> dict[str, Any]:
    """A flat record as a document; `asdict` would copy every value deeply, a thousand times a shortlist."""
    return {name: getattr(record, name) for name in record.__slots__}


def _part(part: PartScore) -> dict[str, Any]:
    return {
        "part": part.part,
        "weight": part.weight / WEIGHT_UNIT,
        "value": part.value / VALUE_UNIT,
        "low": part.low / VALUE_UNIT,
        "high": part.high / VALUE_UNIT,
        "contribution": part.contribution / SCORE_UNIT,
    }
