"""What an operator runs: weights proposed to clients from what was decided on their shortlists."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Final
from uuid import UUID

from anyio.to_thread import run_sync
from sqlmodel.ext.asyncio.session import AsyncSession

from app.audit import service as audit
from app.core.actor import Actor, OrganisationKind
from app.core.database import Database
from app.core.keyring import person_keys
from app.core.tenancy import SYSTEM
from app.core.trade import Seniority
from app.demand.weighing import MOST_SHARE
from app.identity import service as identity
from app.identity.errors import OrganisationNotFound
from app.matchmaking.models import ShortlistEntry
from app.matchmaking.review import queries as review
from app.matchmaking.review.models import Verdict
from app.matchmaking.weights.events import WeightsProposed
from app.matchmaking.weights.models import WeightProposal
from app.matchmaking.weights.service import client_weights
from app.talent import service as talent
from app.taxonomy import service as taxonomy
from matching import Calibration, Outcome, Shown, calibrate

BATCH: Final = 100
"""Shortlists read at a time."""


@dataclass(frozen=True, slots=True)
class Calibrated:
    """What came of calibrating one client's weights; `proposal_id` is None unless some were proposed."""

    organisation_id: UUID
    name: str
    version: int
    current: Mapping[str, float]
    found: Calibration
    proposal_id: UUID | None


async def clients_to_calibrate(database: Database, since: date | None) -> Sequence[UUID]:
    """Every client on whose shortlists something was decided."""
    async with database.transaction(SYSTEM) as session:
        return await review.clients_with_decisions(session, _midnight(since))


async def calibrate_client(database: Database, organisation_id: UUID, since: date | None) -> Calibrated:
    """Learn from a client's decisions; what is proposed is stored, and counts for nothing until somebody applies it.

    Raises:
        OrganisationNotFound: it is no client.
    """
    async with database.transaction(SYSTEM) as session:
        organisation = await identity.get_organisation(session, Actor.system(), organisation_id)
        if organisation.kind is not OrganisationKind.CLIENT:
            raise OrganisationNotFound("There is no such client.")
        version, current = await client_weights(session, organisation_id)
        shown = await decisions_log(session, organisation_id, since)
    found = await run_sync(lambda: calibrate(shown, current, most=MOST_SHARE))
    proposal_id = None
    if found.outcome is Outcome.PROPOSED and found.weights is not None:
        proposal = WeightProposal(
            organisation_id=organisation_id,
            base_version=version,
            current=dict(current),
            weights=dict(found.weights),
            since=since,
            figures=figures_of(found),
        )
        async with database.transaction(SYSTEM) as session:
            session.add(proposal)
            event = WeightsProposed(proposal.id, version, proposal.weights, owner_id=organisation_id)
            await audit.record(session, Actor.system(), event)
        proposal_id = proposal.id
    return Calibrated(organisation_id, organisation.name, version, current, found, proposal_id)


async def decisions_log(session: AsyncSession, organisation_id: UUID, since: date | None) -> list[Shown]:
    """Every place on a client's lists that somebody has seen and decided on; those of the erased say nothing."""
    list_ids = await review.reviewed_lists(session, organisation_id, _midnight(since))
    shown: list[Shown] = []
    for start in range(0, len(list_ids), BATCH):
        shown += await _shown_on(session, list_ids[start : start + BATCH])
    return shown


def figures_of(found: Calibration) -> dict[str, Any]:
    """A `FiguresOut` as it is stored."""
    return {
        "lists": found.lists,
        "shown": found.shown,
        "advanced": found.advanced,
        "declined": found.declined,
        "strength": found.strength,
        "trust": found.trust,
        "examined": list(found.examined),
        "impact": [asdict(impact) for impact in found.impact],
        **{name: asdict(comparison) for name, comparison in found.figures.items()},
    }


async def _shown_on(session: AsyncSession, list_ids: Sequence[UUID]) -> list[Shown]:
    decided = {(made.shortlist_id, made.rank): made for made in await review.current_decisions(session, list_ids)}
    entries = await review.load_lists(session, list_ids)
    engineer_ids = sorted({entry.engineer_id for entry in entries})
    keys = await person_keys(session, engineer_ids)
    groups = await _groups(session, engineer_ids)
    shown = []
    for entry in entries:
        entry.open(keys.get(entry.engineer_id))
        if entry.erased:
            continue
        made = decided.get((entry.shortlist_id, entry.rank))
        verdicts = {Verdict.ADVANCE: True, Verdict.DECLINE: False}
        shown.append(
            Shown(
                list_id=str(entry.shortlist_id),
                place=entry.rank,
                values={part["part"]: part["value"] for part in entry.explanation["parts"]},
                advanced=None if made is None else verdicts.get(made.decision),
                examined=made is not None,
                groups={**_groups_as_ranked(entry), **groups.get(entry.engineer_id, {})},
            )
        )
    return shown


def _groups_as_ranked(entry: ShortlistEntry) -> dict[str, str]:
    """The groups that the profile says, as it was when it was ranked."""
    rank, country = entry.profile["seniority"], entry.profile["country"]
    seniority = {} if rank is None else {"seniority": list(Seniority)[rank].value}
    return {**seniority, **({} if country is None else {"country": country})}


async def _groups(session: AsyncSession, engineer_ids: Sequence[UUID]) -> dict[UUID, dict[str, str]]:
    """The groups that rankings do not look at, as far as they are known: language of the profile, size of the city."""
    engineers = {
        one: engineer
        for one, engineer in (await talent.named_engineers(session, engineer_ids)).items()
        if not engineer.erased
    }
    city_ids = sorted({engineer.city_id for engineer in engineers.values() if engineer.city_id})
    cities = await taxonomy.find_cities(session, [(city_id, None) for city_id in city_ids])
    sizes = {city.id: city.size for city in cities if city is not None}
    return {
        one: {
            **({"profile_language": engineer.bios[0].language} if engineer.bios else {}),
            **({"city_size": sizes[engineer.city_id]} if engineer.city_id in sizes else {}),
        }
        for one, engineer in engineers.items()
    }


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), UTC)
