"""An explanation as it is stored with an entry: whole numbers of the ranking become the fractions callers read."""

from collections.abc import Mapping
from typing import Any

from app.taxonomy.words import Taxonomy
from matching import SCORE_UNIT, VALUE_UNIT, Explanation, GateReport, PartScore, Ranked
from matching.brief import WEIGHT_UNIT
from matching.explanation import GateReason, SkillMatch


def document_of(explanation: Explanation, ranked: Ranked) -> dict[str, Any]:
    """Everything said about one candidate."""
    reasons = {reason.part: reason for reason in explanation.parts}
    return {
        "summary": explanation.summary,
        "parts": [
            {**_part(part), "reason": reasons[part.part].reason, "evidence": list(reasons[part.part].evidence)}
            for part in ranked.parts
        ],
        "gates": [_fields(gate) for gate in explanation.gates],
        "skills": [_fields(skill) for skill in explanation.skills],
        "missing": list(explanation.missing),
    }


def gate_document(report: GateReport, words: Taxonomy) -> dict[str, Any]:
    """What one gate did, with a name people know."""
    return {**_fields(report), "name": _gate_name(report, words)}


def shares(weights: Mapping[str, int]) -> dict[str, float]:
    """Weights as fractions of one."""
    return {part: weight / WEIGHT_UNIT for part, weight in weights.items()}


def fraction(score: int) -> float:
    """A score in billionths as a fraction of one."""
    return score / SCORE_UNIT


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


def _gate_name(report: GateReport, words: Taxonomy) -> str:
    if report.kind == "skill" and report.subject:
        return words.skills.name_of(report.subject)
    if report.kind == "certification" and report.subject:
        return words.certifications.name_of(report.subject)
    return report.kind.replace("_", " ").capitalize()
