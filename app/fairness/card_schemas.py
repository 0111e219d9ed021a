"""The model card as callers read it, in the sections of Mitchell et al. (2019)."""

from datetime import date, datetime

from pydantic import Field

from app.core.schemas import Out


class ModelDetailsOut(Out):
    """What ranks."""

    name: str = Field(description="Name of the system.", examples=["Puente"])
    version: str = Field(description="Its release.", examples=["0.1.0"])
    language_model: str = Field(description="Id and revision.", examples=["all-MiniLM-L6-v2@53aa51172d14"])
    model_hash: str = Field(
        description="Over model, what was learned and version; every shortlist names it.", examples=["9f0c2b7d51e8a634"]
    )
    dimension: int = Field(description="Length of a vector.", examples=[384])
    taxonomy_revision: str = Field(description="Hash of the taxonomy's content.", examples=["3f786850e387550f"])
    kind: str = Field(description="Which kind of model.", examples=["A weighted sum of stated parts, after gates."])
    contact: str | None = Field(
        description="Whom to ask; null where the operator has set nobody.", examples=["fairness@operator.example"]
    )


class PartOfScoreOut(Out):
    """One addend of every score."""

    part: str = Field(description="Name of the part.", examples=["skill_coverage"])
    weight: float = Field(description="Share by default; a request may set its own.", examples=[0.27])
    meaning: str = Field(description="What it measures.", examples=["How many of the skills asked for are there."])


class GateKindOut(Out):
    """Something a request may insist on."""

    kind: str = Field(description="Kind of gate.", examples=["english"])
    meaning: str = Field(description="Whom it removes.", examples=["Whoever's English is under the level asked for."])


class UseOut(Out):
    """What it is for."""

    intended: list[str] = Field(description="Uses it was made for.", examples=[["To order candidates for people."]])
    users: list[str] = Field(description="By whom.", examples=[["Recruiters of the marketplace."]])
    out_of_scope: list[str] = Field(description="What it is not for.", examples=[["To decide about anybody."]])


class DataOut(Out):
    """Data that something was trained on, fitted to or read from."""

    name: str = Field(description="Name.", examples=["Taxonomy"])
    use: str = Field(description="What for.", examples=["Names of skills and titles."])
    source: str = Field(description="From where, under which terms.", examples=["Own work, in seed_data/."])


class FigureOut(Out):
    """One measured figure."""

    id: str = Field(description="Its name, in the bench's words.", examples=["title_match_en_map"])
    meaning: str = Field(description="What it measures, and on what.", examples=["Mean average precision, 105 titles."])
    value: float | None = Field(description="The figure; null before it was measured for this release.", examples=[0.5])
    low: float | None = Field(description="Lower end of its 95 % interval, where there is one.", examples=[0.45])
    high: float | None = Field(description="Upper end.", examples=[0.55])
    measured_on: date | None = Field(description="When.", examples=["2026-11-21"])
    command: str = Field(description="What measures it again.", examples=["python -m tests.bench.quality"])


class ModelCardOut(Out):
    """What ranks here, for whom, on what it was measured and where it fails."""

    as_of: datetime = Field(description="When this was put together.")
    details: ModelDetailsOut = Field(description="Model details, from the running process.")
    use: UseOut = Field(description="Intended use.")
    decisions: str = Field(
        description="Who decides.", examples=["People do: the ranking makes no transition of any proposal."]
    )
    factors: list[str] = Field(description="By which groups it is looked at.", examples=[["seniority"]])
    not_used: list[str] = Field(description="What no ranking knows of anybody.", examples=[["name", "gender"]])
    parts: list[PartOfScoreOut] = Field(description="The score by default, largest weight first.")
    gates: list[GateKindOut] = Field(description="What a request may insist on.")
    data: list[DataOut] = Field(description="Training and evaluation data.")
    figures: list[FigureOut] = Field(description="Quantitative analyses.")
    fairness_tests: list[str] = Field(
        description="What the test suite holds at every change.", examples=[["Changing a name changes no place."]]
    )
    limits: list[str] = Field(
        description="Caveats and recommendations.", examples=[["What a profile states is not verified here."]]
    )
    sources: list[str] = Field(
        description="Where this form comes from.",
        examples=[["Mitchell et al. (2019), Model Cards for Model Reporting."]],
    )
