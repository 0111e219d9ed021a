"""The model card: what the running process is, beside what people wrote about it.

Its form is that of Mitchell et al. (2019), Model Cards for Model Reporting. What can change between two processes is
asked of this one; measured figures stand in `figures.json`, each with the command that measures it again.
"""

from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from typing import Final

from pydantic import TypeAdapter
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import utcnow
from app.core.settings import Settings
from app.fairness.card_schemas import (
    DataOut,
    FigureOut,
    GateKindOut,
    ModelCardOut,
    ModelDetailsOut,
    PartOfScoreOut,
    UseOut,
)
from app.fairness.reports import DECLARED_DIMENSIONS, PROFILE_DIMENSIONS
from app.matchmaking.engine import Engine
from app.taxonomy import service as taxonomy
from app.taxonomy import thesaurus
from app.taxonomy.models import ThesaurusSource
from matching import DEFAULT_WEIGHTS, GATE_KINDS, PARTS

FIGURES: Final = "figures.json"
BUNDLED_MODEL: Final = "all-MiniLM-L6-v2@"
PART_MEANINGS: Final = {
    "skill_coverage": "How many of the skills asked for the profile lists, or lists something that implies them.",
    "skill_depth": "How long and how recently the skills asked for were used; more of one makes up for no other.",
    "semantic": "How close the titles are, by letters, words, known concepts and the language model; and how close the "
    "skills listed come to each skill the request names.",
    "seniority": "How close the step of the career is to the one asked for.",
    "domain": "Experience in the business domains asked for.",
    "english": "How far the English level is above the one asked for, by mode.",
    "shared_hours": "Working hours shared with the client on the worst day of the role.",
    "certifications": "How many of the certifications asked for are held and valid.",
    "start": "Whether the engineer is free when the role starts.",
    "delivery": "How many past placements ended well; unknown is a guess with a range, not a zero.",
    "freshness": "How recently the profile was updated.",
    "rate": "How far the rate is under the ceiling; it counts only where a request gives it a weight.",
}
GATE_MEANINGS: Final = {
    "skill": "Whoever lists skills, and not the one that is a must.",
    "certification": "Whoever does not hold the required certification, valid when the role starts.",
    "discipline": "Whoever is of another trade; a neighbouring one is unknown, not a failure.",
    "english": "Whoever's English is under the level asked for in a mode asked for.",
    "country": "Whoever is in none of the countries asked for.",
    "shared_hours": "Whoever shares fewer working hours with the client than asked for.",
    "start": "Whoever is free too late.",
    "weekly_hours": "Whoever offers fewer hours a week than asked for.",
    "rate": "Whoever costs more than the ceiling, in its currency.",
}
USE: Final = UseOut(
    intended=[
        (
            "To order engineers who pass a request's gates for recruiters and clients to review, with reasons for each "
            "place, and to say why somebody is not on a list."
        ),
        "To show which demand of a request removes how many people.",
    ],
    users=[
        "Recruiters of the marketplace, who review and decide.",
        "Clients, for their own requests; they see candidates without their identity.",
    ],
    out_of_scope=[
        "To decide about anybody without a person: hiring, rejection, pay, promotion, dismissal.",
        "To judge somebody's character, health, politics or performance at work.",
        "To compare scores of different requests, or people of trades the taxonomy does not know.",
        "To verify what a profile states.",
    ],
)
DECISIONS: Final = (
    "People decide. The ranking makes no transition of any proposal or profile: a named person does, and the record "
    "says who."
)
NOT_USED: Final = [
    "name",
    "gender",
    "age and birth date",
    "photo",
    "contact data",
    "marital status",
    "exact employer",
    "ethnicity",
    "disability",
    "whatever people declare for the measuring of fairness",
]
FAIRNESS_TESTS: Final = [
    "Changing a name changes no place (tests/matchmaking/test_redaction.py).",
    (
        "Language of the bio, size of the city and career gaps, which reports count by, change no place and no score "
        "(tests/matching/test_fairness_population.py)."
    ),
    "Nothing that ranks can import, or in its transaction read, what people declared (tests/fairness/test_apart.py).",
    (
        "Every rate, ratio, interval and divergence of the report against figures worked by hand "
        "(tests/matching/test_disparity.py, tests/fairness/test_reports.py)."
    ),
]
LIMITS: Final = [
    (
        "Profiles are stated by the firms that offer the engineers and are not verified here; who writes more, or in "
        "the taxonomy's words, is found more easily."
    ),
    (
        "Gates weigh on groups differently: an English level, shared hours or a country remove more people in some "
        "places. Selection rates count those who passed the gates; each shortlist says how many each gate removed."
    ),
    "Seniority, domains and years of experience go with age and with careers without a break.",
    (
        "The bundled language model knows English; other languages reach it through dictionaries learned from names, "
        "and titles and idioms that no name teaches lose."
    ),
    "Past placements, where there are any, carry on how earlier decisions treated people.",
    "Declared attributes are known of those who chose to give them; impact on the others is not measured.",
    "Selection rates are no bias audit by an independent auditor as Local Law 144 demands one; they give it figures.",
]
SOURCES: Final = [
    "Mitchell et al. (2019), Model Cards for Model Reporting, FAT* 2019.",
    "6 RCNY 5-300 to 5-304 (New York City Local Law 144 of 2021).",
    "Regulation (EU) 2024/1689, articles 13 and 14, annex III point 4.",
]
_FIGURES: Final = TypeAdapter(list[FigureOut])


@cache
def figures() -> list[FigureOut]:
    """The measured figures of this release."""
    return _FIGURES.validate_json(files("app.fairness").joinpath(FIGURES).read_bytes())


async def model_card(session: AsyncSession, engine: Engine, settings: Settings) -> ModelCardOut:
    """What ranks in this process, as of this moment."""
    encoder = engine.encoder
    return ModelCardOut(
        as_of=utcnow(),
        details=ModelDetailsOut(
            name="Puente",
            version=version("puente"),
            language_model=encoder.model_id,
            model_hash=(await engine.interpreter(session)).revision,
            dimension=encoder.dimension,
            taxonomy_revision=await taxonomy.revision(session),
            kind="Gates, then a weighted sum of stated parts. One of them, closeness, rests on a frozen language model "
            "and on what was learned from names of occupations and skills. No part is learned from what people "
            "decided; weights may be proposed from it, and a person applies them.",
            contact=settings.operator_contact,
        ),
        use=USE,
        decisions=DECISIONS,
        factors=[*PROFILE_DIMENSIONS, *DECLARED_DIMENSIONS],
        not_used=NOT_USED,
        parts=[
            PartOfScoreOut(part=part, weight=DEFAULT_WEIGHTS[part], meaning=PART_MEANINGS[part])
            for part in sorted(PARTS, key=lambda part: -DEFAULT_WEIGHTS[part])
        ],
        gates=[GateKindOut(kind=kind, meaning=GATE_MEANINGS[kind]) for kind in GATE_KINDS],
        data=data_of(encoder.model_id, await thesaurus.sources(session)),
        figures=figures(),
        fairness_tests=FAIRNESS_TESTS,
        limits=LIMITS,
        sources=SOURCES,
    )


def data_of(model_id: str, imported: Sequence[ThesaurusSource]) -> list[DataOut]:
    """What this process ranks with, and what it was measured on."""
    if model_id.startswith(BUNDLED_MODEL):
        source = "sentence-transformers/all-MiniLM-L6-v2, Apache License 2.0; more than a billion pairs of English "
        source += "sentences from the web, listed in its own card. Used as it is: nothing here trains it further."
    else:
        source = "Set by the operator, under that model's own terms; its own card says what it was trained on."
    return [
        DataOut(name=f"Language model {model_id}", use="Closeness in meaning.", source=source),
        DataOut(
            name="Taxonomy",
            use="Skills, titles, domains, certifications and cities, their names in English, Spanish and Portuguese.",
            source="Own work, in seed_data/, and words that curators mapped since; no personal data.",
        ),
        *(
            DataOut(
                name=f"{one.name.upper()} {one.release}".strip(),
                use="Names of occupations and skills: dictionaries between languages, a linear map of the model's "
                "vectors, and the background that titles are measured by.",
                source=f"{one.attribution}. {one.licence}",
            )
            for one in imported
        ),
        DataOut(
            name="Labelled sets of job titles, skills and documents",
            use="Evaluation, and the choice of settings; see the figures.",
            source="Public sets, kept out of the release; the bench reads them from a folder.",
        ),
    ]
