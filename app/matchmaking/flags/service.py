"""Looking through profiles as they are written, and what people decide about what was found.

A finding moves nobody: its passage is evidence of nothing, and the rest of the profile stands as it would without it. A
person who dismisses a flag gives the passage its weight back.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from app.audit import service as audit
from app.core.actor import Actor
from app.core.clock import utcnow
from app.core.encryption import HouseKey, place
from app.core.etags import IfMatch
from app.core.events import Subscriptions, announce
from app.core.keyring import house_key, person_keys
from app.core.pages import Rows
from app.core.tenancy import Side, elevated
from app.demand import service as demand
from app.identity.permissions import Resource, Verb, permits, reachable
from app.matchmaking.evidence import Withheld
from app.matchmaking.flags import lifecycle, queries
from app.matchmaking.flags.events import FlagDecided, ProfileFlagged
from app.matchmaking.flags.findings import Found, Prints, findings_of, numbered
from app.matchmaking.flags.lifecycle import FlagState
from app.matchmaking.flags.models import ProfileFlag, withheld_by
from app.matchmaking.flags.schemas import FlagQuery
from app.talent import service as talent
from app.talent.events import ProfilesChanged
from app.talent.models import Engineer
from app.talent.privacy.events import PersonExport, PersonForgotten
from app.taxonomy.words import Taxonomy
from matching.suspicion import Kind, prints

MOST_REQUESTS: Final = 500
"""The newest requests that suppliers can read, and so can copy from."""
_prints_of: Final[OrderedDict[tuple[UUID, int], Prints]] = OrderedDict()
"""Hashes of what requests say, by request and version; whoever asks has been shown that version just now."""


def subscribe(subscriptions: Subscriptions) -> None:
    """Follow what is asked about people."""
    subscriptions.on(PersonExport, _hand_out)
    subscriptions.on(PersonForgotten, _let_go)


async def examine(session: AsyncSession, engineers: Sequence[Engineer], words: Taxonomy) -> dict[UUID, Withheld]:
    """Flag what is found in these profiles, let go of what is not any more; return what is evidence of nothing."""
    written = [engineer for engineer in engineers if not engineer.erased]
    if not written:
        return {}
    requests = await _requests(session)
    found = await asyncio.to_thread(lambda: [findings_of(engineer, words, requests) for engineer in written])
    house = await house_key(session)
    stored = await _stored(session, written)
    return {
        engineer.id: withheld_by(await _follow(session, house, engineer, findings, stored[engineer.id]))
        for engineer, findings in zip(written, found, strict=True)
    }


async def withheld_from(session: AsyncSession, engineers: Sequence[Engineer]) -> dict[UUID, Withheld]:
    """What is evidence of nothing in these profiles by what was found in them before."""
    written = [engineer for engineer in engineers if not engineer.erased]
    return {one: withheld_by(flags) for one, flags in (await _stored(session, written)).items()}


async def list_flags(session: AsyncSession, actor: Actor, query: FlagQuery) -> Rows[ProfileFlag]:
    """Flags the actor may read."""
    return await queries.list_flags(session, query, [_reach(actor, Verb.READ)])


async def list_flags_of(session: AsyncSession, actor: Actor, engineer_id: UUID, query: FlagQuery) -> Rows[ProfileFlag]:
    """Flags of one engineer."""
    engineer = await talent.get_engineer(session, actor, engineer_id, Resource.PROFILE_FLAG)
    return await queries.list_flags(
        session, query, [_reach(actor, Verb.READ), col(ProfileFlag.engineer_id) == engineer.id]
    )


async def open_flags(session: AsyncSession, actor: Actor, engineer_ids: Sequence[UUID]) -> dict[UUID, int] | None:
    """How many open flags these engineers have, of those who have any; None for whoever may not read flags."""
    if not permits(actor, Verb.READ, Resource.PROFILE_FLAG):
        return None
    return await queries.open_counts(session, engineer_ids, _reach(actor, Verb.READ))


async def get_flag(session: AsyncSession, actor: Actor, flag_id: UUID) -> ProfileFlag:
    """One flag."""
    return await queries.get_flag(session, flag_id, _reach(actor, Verb.READ))


async def decide(
    session: AsyncSession, actor: Actor, flag_id: UUID, if_match: IfMatch, *, to: FlagState, reason: str
) -> ProfileFlag:
    """Say what a person thinks of a finding; the profile is indexed again with what counts now."""
    visible = _reach(actor, Verb.CHANGE)
    # The marketplace reads what is of a firm's engineer and writes nothing of it; whose flag it is the query says.
    async with elevated(session, Side.SYSTEM):
        flag = await queries.lock_flag(session, flag_id, visible)
        if_match.check(flag.version)
        was = flag.state
        flag.state = lifecycle.move(was, to=to)
        flag.decided_at, flag.decided_by = utcnow(), actor.member_id
        flag.version += 1
        key = (await person_keys(session, [flag.engineer_id]))[flag.engineer_id]
        flag.seal_note(key, reason)
        flag.open(key)
        await session.flush()
        await announce(session, ProfilesChanged((flag.engineer_id,)))
    sealed = key.seal_text(place("audit_record", "payload.reason", flag.engineer_id), reason)
    decided = FlagDecided(
        flag.engineer_id, flag.id, flag.kind.value, was.value, to.value, sealed, owner_id=flag.organisation_id
    )
    await audit.record(session, actor, decided)
    return flag


def _reach(actor: Actor, verb: Verb) -> ColumnElement[bool]:
    owned = col(ProfileFlag.organisation_id) == actor.organisation_id
    return reachable(actor, verb, Resource.PROFILE_FLAG, owned=owned)


async def _stored(session: AsyncSession, engineers: Sequence[Engineer]) -> dict[UUID, list[ProfileFlag]]:
    keys = {engineer.id: engineer.key for engineer in engineers}
    stored: dict[UUID, list[ProfileFlag]] = {engineer_id: [] for engineer_id in keys}
    for flag in await queries.flags_of(session, list(keys)):
        flag.open(keys[flag.engineer_id])
        stored[flag.engineer_id].append(flag)
    return stored


async def _follow(
    session: AsyncSession, house: HouseKey, engineer: Engineer, findings: Sequence[Found], stored: list[ProfileFlag]
) -> list[ProfileFlag]:
    """Add what is new, move what stands elsewhere now, remove what is gone and undecided; return what stands."""
    seen = {_fingerprint(house, engineer.id, at, one): one for at, one in numbered(findings)}
    known = {flag.fingerprint: flag for flag in stored}
    for fingerprint in seen.keys() & known.keys():
        known[fingerprint].place_at(engineer.key, seen[fingerprint])
    new = [_flag(engineer, fingerprint, one) for fingerprint, one in seen.items() if fingerprint not in known]
    if new:
        await queries.add_flags(session, new)
        kinds = tuple(flag.kind.value for flag in new)
        flagged = ProfileFlagged(engineer.id, kinds, owner_id=engineer.organisation_id)
        await audit.record(session, Actor.system(), flagged)
    # A request that was copied from may be closed by now, and is no less copied from.
    copied = {flag.fingerprint for flag in stored if flag.kind is Kind.PASTED and flag.found_in(engineer)}
    for flag in stored:
        flag.stands = flag.fingerprint in seen.keys() | copied
    gone = [flag.id for flag in stored if not flag.stands]
    if gone:
        await queries.remove_flags(session, gone)
    return [*stored, *new]


def _flag(engineer: Engineer, fingerprint: bytes, one: Found) -> ProfileFlag:
    flag = ProfileFlag(
        engineer_id=engineer.id,
        organisation_id=engineer.organisation_id,
        kind=one.finding.kind,
        fingerprint=fingerprint,
    )
    flag.place_at(engineer.key, one)
    return flag


def _fingerprint(house: HouseKey, engineer_id: UUID, at: int, one: Found) -> bytes:
    return house.digest("profile_flag", "fingerprint", f"{engineer_id}|{one.likeness}|{at}")


async def _requests(session: AsyncSession) -> list[Prints]:
    """Hashes of what suppliers can read in requests; a request is hashed once a version."""
    shown = await demand.shown_to_suppliers(session, limit=MOST_REQUESTS)
    missing = [one for one in shown if one not in _prints_of]
    texts = await demand.descriptions(session, [request_id for request_id, _ in missing])
    for request_id, version in missing:
        hashes = frozenset(one.hashed for one in prints(texts.get(request_id, "")))
        _prints_of[request_id, version] = hashes
    found = [_prints_of[one] for one in shown]
    while len(_prints_of) > 2 * MOST_REQUESTS:
        _prints_of.popitem(last=False)
    return found


async def _hand_out(session: AsyncSession, fact: PersonExport) -> None:
    flags = await queries.opened(session, await queries.flags_of(session, [fact.engineer_id]))
    fact.add("flags", [_told(flag) for flag in flags])


async def _let_go(session: AsyncSession, fact: PersonForgotten) -> None:
    await queries.forget_flags(session, fact.engineer_id)


def _told(flag: ProfileFlag) -> dict[str, Any]:
    return {
        "found_at": flag.found_at.isoformat(),
        "kind": flag.kind.value,
        "pointer": flag.pointer,
        "reason": flag.reason,
        "passage": flag.passage,
        "state": flag.state.value,
        "stands": flag.stands,
        "decided_at": flag.decided_at and flag.decided_at.isoformat(),
        "note": flag.note,
    }
