"""The taxonomy as callers see it."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from app.core.pages import PageQuery
from app.core.schemas import CountryCode, Line, Name, Out, Schema
from app.taxonomy.models import UnmatchedStatus


class ConceptQuery(PageQuery):
    """Filters of a list of concepts."""

    sort: Literal["name", "-name"] = Field("name", description="Order of the list.")
    q: Line | None = Field(None, description="Part of any name, in any language; accents and case do not matter.")
    classifier: Name | None = Field(
        None, description="Skills: kind of thing. Titles: discipline. Certifications: issuer.", examples=["framework"]
    )


class CityQuery(PageQuery):
    """Filters of the list of cities."""

    sort: Literal["name", "-name"] = Field("name", description="Order of the list.")
    q: Line | None = Field(None, description="Part of a name; accents and case do not matter.")
    country: CountryCode | None = Field(None, description="ISO 3166-1 alpha-2 code.")


class SourceQuery(PageQuery):
    """Order of the list of imported sources."""

    sort: Literal["name", "-name"] = Field("name", description="Order of the list.")


class UnmatchedQuery(PageQuery):
    """Filters of the curator's queue."""

    sort: Literal["occurrences", "-occurrences", "created_at", "-created_at"] = Field(
        "-occurrences", description="Order of the list."
    )
    status: UnmatchedStatus | None = Field(UnmatchedStatus.OPEN, description="What has been decided.")


class ConceptOut(Out):
    """A canonical entry of the taxonomy."""

    id: str = Field(description="Stable id, to be used in profiles and requests.", examples=["kubernetes"])
    name: str = Field(description="Canonical English name.", examples=["Kubernetes"])
    classifier: str = Field(
        description="Skills: kind of thing. Titles: discipline. Certifications: issuer.", examples=["platform"]
    )
    aliases: dict[str, list[str]] = Field(
        description="Other names, by language; each is accepted wherever the id is.", examples=[{"en": ["k8s"]}]
    )
    implies: list[str] = Field(description="Ids of what this includes.", examples=[["containers"]])
    related: dict[str, float] = Field(
        description="Ids of near substitutes, with how far this stands in for each, from 0 to 1.",
        examples=[{"nomad": 0.5}],
    )


class CityOut(Out):
    """A city of the market."""

    id: str = Field(description="Stable id, to be used in profiles.", examples=["medellin-co"])
    name: str = Field(description="Name in its own language.", examples=["Medellín"])
    country: str = Field(description="ISO 3166-1 alpha-2 code.", examples=["CO"])
    zone: str = Field(description="IANA time zone.", examples=["America/Bogota"])
    latitude: float = Field(description="Degrees north.", examples=[6.25])
    longitude: float = Field(description="Degrees east.", examples=[-75.56])
    size: str = Field(description="metropolis, large or intermediate.", examples=["large"])


class TaxonomySourceOut(Out):
    """Names imported from elsewhere; whoever shows what was found by them shows the attribution."""

    id: UUID = Field(description="Id of this import.")
    name: str = Field(description="Short name of the source.", examples=["esco"])
    attribution: str = Field(
        description="What its owner wants to be said.", examples=["ESCO, © European Union, https://esco.ec.europa.eu"]
    )
    licence: str = Field(
        description="Under what it is used.", examples=["Reused under Commission Decision 2011/833/EU."]
    )
    release: str = Field(description="Which release it is, empty if nobody said.", examples=["1.2.0"])
    languages: list[str] = Field(description="BCP 47 codes of the languages it has names in.", examples=[["en", "es"]])
    concepts: int = Field(description="How many things it names.", examples=[16934])
    names: int = Field(description="How many names it has.", examples=[242117])
    digest: str = Field(
        description="SHA-256 over all its names: two imports of equal ones are equal.",
        examples=["9c56cc51b374c3ba189210d5b6d4bf57790d351c96c47c02190ecf1e430635ab"],
    )
    imported_at: datetime = Field(description="When it was imported.", examples=["2026-11-21T07:00:00Z"])


class UnmatchedSkillOut(Out):
    """A word somebody gave as a skill that no entry goes by."""

    id: UUID = Field(description="Id of the queued word.")
    written: str = Field(description="How it was written first.", examples=["Tekton Pipelines"])
    occurrences: int = Field(description="How often it has been written.", examples=[3])
    status: UnmatchedStatus = Field(description="What has been decided.", examples=["open"])
    skill_id: str | None = Field(description="The skill it was mapped to.", examples=[None])
    version: int = Field(description="Goes up with every change; the `ETag` is made of it.", examples=[1])
    created_at: datetime = Field(description="When it was first written.", examples=["2026-11-20T15:04:05Z"])
    updated_at: datetime = Field(description="When it was last written or decided.", examples=["2026-11-20T15:04:05Z"])


class MapUnmatchedSkill(Schema):
    """A curator's decision that a word names a known skill."""

    skill_id: Name = Field(description="Id of the skill the word names.", examples=["cicd"])
