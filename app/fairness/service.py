"""Whom a report is for, which shortlists it adds up, and what people declared about themselves."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.actor import Actor
from app.core.clock import today
from app.core.errors import Fault, Invalid
from app.core.tenancy import Side, elevated
from app.demand import service as demand
from app.demand.errors import RequestNotFound
from app.fairness import declarations, queries, reports
from app.fairness.errors import ReportTooLarge
from app.fairness.models import ShortlistPopulation
from app.fairness.policy import readable, reads_every_client
from app.fairness.reports import DECLARED_DIMENSIONS, PROFILE_DIMENSIONS, Groups, Ranked, Sums
from app.fairness.schemas import Declaration, SelectionRatesOut, SelectionRatesQuery, Stage, TopK
from app.fairness.standing import unpacked
from app.identity import service as identity
from app.identity.errors import OrganisationNotFound
from matching import Group
from matching.disparity import MINIMUM_GROUP

USUAL_PERIOD: Final = timedelta(days=364)
LONGEST_PERIOD: Final = timedelta(days=1100)
MOST_SHORTLISTS: Final = 10_000
"""How many one report adds up: about a second of one core."""
CONFIDENCE: Final = 0.95


async def selection_rates(session: AsyncSession, actor: Actor, query: SelectionRatesQuery) -> SelectionRatesOut:
    """How groups fared in the shortlists an actor may know of.

    Raises:
        Invalid: the period ends before it begins or is too long, or `k` is given to a stage that has none.
        RequestNotFound: the request is not there for the actor.
        OrganisationNotFound: the client is not there for the actor.
        ReportTooLarge: there are too many shortlists.
    """
    from_on, to_on = _period(query)
    k = _depth(query)
    await _require_filters(session, actor, query)
    conditions = [readable(actor), queries.ranked_between(_midnight(from_on), _midnight(to_on + timedelta(days=1)))]
    for field in ("request_id", "organisation_id", "discipline"):
        value = getattr(query, field)
        if value is not None:
            conditions.append(col(getattr(ShortlistPopulation, field)) == value)
    found = await _populations(session, conditions)
    counted = [one for one in found if one.groups]
    declared = await _declared(session, counted) if reads_every_client(actor) else {}
    selection = reports.selection_of(query.stage, k)

    def add_up() -> dict[str, Sums]:
        return reports.summed((_ranked(one, declared.get(one.shortlist_id, {})) for one in counted), selection)

    sums = await asyncio.to_thread(add_up)
    definitions = {**PROFILE_DIMENSIONS, **(DECLARED_DIMENSIONS if reads_every_client(actor) else {})}
    return SelectionRatesOut(
        from_on=from_on,
        to_on=to_on,
        stage=query.stage,
        k=k,
        shortlists=len(counted),
        left_out=len(found) - len(counted),
        considered=sum(one.admitted for one in counted),
        selected=sum(one.selected for one in sums["seniority"].groups.values()) if sums else 0,
        minimum_group=MINIMUM_GROUP,
        confidence=CONFIDENCE,
        dimensions=[reports.dimension(name, text, sums.get(name, Sums())) for name, text in definitions.items()],
        notes=list(reports.NOTES),
        sources=list(reports.SOURCES),
    )


def _period(query: SelectionRatesQuery) -> tuple[date, date]:
    to_on = query.to_on or today()
    from_on = query.from_on or max(date.min + USUAL_PERIOD, to_on) - USUAL_PERIOD
    if from_on > to_on:
        fault = Fault("/to_on", "query", "period-reversed", "Must not be before from_on.")
        raise Invalid("The period ends before it begins.", faults=[fault])
    if to_on - from_on > LONGEST_PERIOD or to_on == date.max:
        detail = f"Must be at most {LONGEST_PERIOD.days:,} days after from_on."
        raise Invalid("The period is too long.", faults=[Fault("/to_on", "query", "period-too-long", detail)])
    return from_on, to_on


def _depth(query: SelectionRatesQuery) -> int | None:
    if query.stage is Stage.TOP_K:
        return int(query.k or TopK.TEN)
    if query.k is not None:
        fault = Fault("/k", "query", "not-for-this-stage", "Only top_k counts the first places.")
        raise Invalid("k goes with the stage top_k alone.", faults=[fault])
    return None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


async def _require_filters(session: AsyncSession, actor: Actor, query: SelectionRatesQuery) -> None:
    """Refuse what is not there for the actor; that a report is empty would tell no less."""
    everywhere = reads_every_client(actor)
    if query.organisation_id is not None:
        if not everywhere and query.organisation_id != actor.organisation_id:
            raise OrganisationNotFound("There is no such organisation.")
        await identity.get_organisation(session, actor, query.organisation_id)
    if query.request_id is not None:
        requests = await demand.load_requests(session, [query.request_id])
        if not any(everywhere or one.organisation_id == actor.organisation_id for one in requests):
            raise RequestNotFound("There is no request of that id.")


async def _populations(
    session: AsyncSession, conditions: Sequence[ColumnElement[bool]]
) -> Sequence[ShortlistPopulation]:
    found = await queries.list_populations(session, conditions, limit=MOST_SHORTLISTS + 1)
    if len(found) > MOST_SHORTLISTS:
        raise ReportTooLarge(
            f"More than {MOST_SHORTLISTS:,} shortlists fall under these filters: shorten the period, or name a "
            "client, a request or a discipline."
        )
    return found


def _ranked(stored: ShortlistPopulation, declared: Mapping[str, Groups]) -> Ranked:
    groups = {
        name: {value: Group(**{**counts, "top": tuple(counts["top"])}) for value, counts in values.items()}
        for name, values in stored.groups.items()
    }
    return Ranked({**groups, **{name: reports.tellable(found) for name, found in declared.items()}}, stored.ndkl)


async def _declared(
    session: AsyncSession, shortlists: Sequence[ShortlistPopulation]
) -> dict[UUID, dict[str, dict[str, Group]]]:
    """What people declared about themselves, by shortlist, dimension and value; each a sum, and still to be judged."""
    # No side of a tenant sees it, and what leaves here names nobody.
    async with elevated(session, Side.SYSTEM):
        standings = await queries.list_standings(session, [one.shortlist_id for one in shortlists])
        fared = {one.shortlist_id: list(unpacked(one.members)) for one in standings}
        everybody = {one.engineer_id for members in fared.values() for one in members}
        said = await declarations.opened(session, everybody)
    found: dict[UUID, dict[str, dict[str, Group]]] = {}
    for shortlist_id, members in fared.items():
        groups: defaultdict[str, defaultdict[str, list[Group]]] = defaultdict(lambda: defaultdict(list))
        for member in members:
            for name, value in _values(said.get(member.engineer_id)):
                groups[name][value].append(member.group)
        found[shortlist_id] = {
            name: {value: reports.merged(those) for value, those in values.items()} for name, values in groups.items()
        }
    return found


def _values(declared: Declaration | None) -> Iterator[tuple[str, str]]:
    """The groups somebody counts in."""
    if declared is None:
        return
    given: dict[str, Any] = declared.model_dump(mode="json", exclude_none=True)
    yield from given.items()
    both = [given.get("gender"), given.get("ethnicity")]
    if all(value not in (None, "prefer_not_to_say") for value in both):
        yield "gender_and_ethnicity", "/".join(map(str, both))
