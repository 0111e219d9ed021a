"""Turning what a client wrote into rows: names linked to the taxonomy."""

from collections.abc import Callable, Sequence
from typing import Any

from app.core.errors import Fault, Invalid
from app.core.schemas import Line
from app.core.trade import HourlyRate, Seniority, WorkingWindow
from app.demand.models import EnglishMode, Request, RequestCertification, RequestSkill
from app.demand.schemas import CertificationNeedIn, GateKind, RequestCreate, RequestPatch, SkillNeedIn, Weights
from app.demand.weighing import require_balance
from app.taxonomy.words import Lexicon, Taxonomy, key


def write(request: Request, data: RequestCreate | RequestPatch, given: set[str], words: Taxonomy) -> None:
    """Write the fields in `given` onto a row.

    Raises:
        Invalid: a skill or certification is given twice, shared hours are asked for without a window to share, or one
            weight outweighs all others.
    """
    writer = _RequestWriter(request, words)
    for field in sorted(given):
        writer.write(field, getattr(data, field))
    if "seniority" not in data.model_fields_set and "title" in given:
        _read_seniority(request, words)
    if request.minimum_shared_minutes is not None and (request.zone is None or request.window_start is None):
        fault = Fault("/minimum_shared_minutes", "body", "incomplete", "Needs zone and working_window.")
        raise Invalid("Shared hours need the client's zone and window.", faults=[fault])


class _RequestWriter:
    """Writes one request, field by field."""

    def __init__(self, request: Request, words: Taxonomy) -> None:
        self.request = request
        self.words = words

    def write(self, field: str, value: Any) -> None:
        """Write one field."""
        special: Callable[[Any], None] | None = getattr(self, f"_write_{field}", None)
        if special is None:
            setattr(self.request, field, value)
        else:
            special(value)

    def _write_working_window(self, window: WorkingWindow | None) -> None:
        self.request.window_start, self.request.window_end = window.minutes if window else (None, None)

    def _write_hourly_rate_ceiling(self, ceiling: HourlyRate | None) -> None:
        self.request.rate_ceiling = ceiling.amount_minor if ceiling else None
        self.request.rate_currency = ceiling.currency if ceiling else None

    def _write_weights(self, weights: Weights | None) -> None:
        if weights is not None:
            require_balance(weights, "/weights", text_alone=True)
        self.request.weights = None if weights is None else weights.model_dump()

    def _write_english_modes(self, modes: Sequence[EnglishMode]) -> None:
        self.request.english_modes = list(dict.fromkeys(mode.value for mode in modes))

    def _write_exclude_unknown(self, kinds: Sequence[GateKind]) -> None:
        self.request.exclude_unknown = sorted({kind.value for kind in kinds})

    def _write_domains(self, names: Sequence[str]) -> None:
        self.request.domains = list(dict.fromkeys(self.words.domains.find(name) or name for name in names))

    def _write_skills(self, needs: Sequence[SkillNeedIn]) -> None:
        ids = [self.words.skills.find(need.skill) for need in needs]
        _refuse_repeats("skill", [known or key(need.skill) for known, need in zip(ids, needs, strict=True)])
        self.request.skills = [
            RequestSkill(
                request_id=self.request.id,
                position=at,
                skill_id=known,
                name=_name(self.words.skills, known, need.skill),
                written=need.skill,
                must=need.must,
                years=need.years,
            )
            for at, (known, need) in enumerate(zip(ids, needs, strict=True))
        ]

    def _write_certifications(self, needs: Sequence[CertificationNeedIn]) -> None:
        ids = [self.words.certifications.find(need.certification) for need in needs]
        # Asked for twice, a certification would be two gates, neither of which could be dropped alone.
        names = [known or key(need.certification) for known, need in zip(ids, needs, strict=True)]
        _refuse_repeats("certification", names)
        self.request.certifications = [
            RequestCertification(
                request_id=self.request.id,
                position=at,
                certification_id=known,
                name=_name(self.words.certifications, known, need.certification),
                written=need.certification,
                required=need.required,
            )
            for at, (known, need) in enumerate(zip(ids, needs, strict=True))
        ]


def _read_seniority(request: Request, words: Taxonomy) -> None:
    rank = words.seniority_in(request.title)
    if rank is not None:
        request.seniority = list(Seniority)[rank]


def _name(lexicon: Lexicon, known: str | None, written: Line) -> str:
    return lexicon.name_of(known) if known else written


def _refuse_repeats(member: str, references: Sequence[str]) -> None:
    faults = [
        Fault(f"/{member}s/{at}/{member}", "body", "repeated", f"Names the same {member} as an entry before it.")
        for at, reference in enumerate(references)
        if reference in references[:at]
    ]
    if faults:
        raise Invalid(f"A {member} is given twice.", faults=faults)
