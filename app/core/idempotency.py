"""Retries without a second effect: the reply to a POST is kept under the caller's `Idempotency-Key`.

The record is written through the request's own session, so that effect and record are committed together or not at all.
`app/core/routing.py` calls `keep` once the reply is known and before FastAPI lets the session commit.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, ClassVar, Final
from uuid import UUID

from pydantic_core import from_json, to_json
from python_multipart.multipart import parse_options_header
from sqlalchemy import Column, Index, Uuid, delete, func, tuple_, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from app.core.actor import Actor
from app.core.clock import utcnow
from app.core.columns import classified
from app.core.database import refused_by
from app.core.encryption import HouseKey, place
from app.core.errors import Conflict, Fault, Invalid
from app.core.keyring import house_key
from app.core.problems import problems
from app.core.row_security import TENANCY, Policies, any_of, own, side
from app.core.tenancy import Side

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
VISIBLE: Final = r"^[\x21-\x7e]{1,255}$"
KEEP_FOR: Final = timedelta(days=7)
NAMED: Final = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
"""An id, wherever it is named."""
KEPT_HEADERS: Final = ("content-language", "content-type", "etag", "location", "vary")
FORGET_AT_ONCE: Final = 20
"""How many expired records a request with a key clears away, so that no request waits long for it."""

ATTEMPT: Final = "puente.attempt"
"""Key of the ASGI scope under which the attempt that this request makes is kept."""


class IdempotencyInFlight(Conflict):
    """Another request with this Idempotency-Key is being answered; repeat it shortly to get its reply."""

    code = "idempotency-in-flight"
    title = "The first request with this key is still being answered"
    headers: ClassVar = {"Retry-After": "1"}


class IdempotencyKeyReused(Invalid):
    """The Idempotency-Key came before with another method, path, query, If-Match or body."""

    code = "idempotency-key-reused"
    title = "The key belongs to another request"


class IdempotencyReplyWithheld(Conflict):
    """The request with this Idempotency-Key was carried out; its reply held a secret and was not kept."""

    code = "idempotency-reply-withheld"
    title = "The request was carried out, and its reply cannot be repeated"


class IdempotencyRecord(SQLModel, table=True):
    """What was answered under a key; no foreign keys, for `core` knows no member."""

    __tablename__: ClassVar[str] = "idempotency_record"
    __table_args__ = (
        Index("ix_idempotency_record_expires_at", "expires_at"),
        Index("ix_idempotency_record_subjects", "subjects", postgresql_using="gin"),
        {
            "info": {
                TENANCY: Policies(write=any_of(side(Side.SYSTEM), own(Side.SUPPLIER, Side.CLIENT, Side.MARKETPLACE))),
                **classified(
                    internal="member_id key organisation_id fingerprint subjects status created_at expires_at",
                    confidential="reply",
                ),
            }
        },
    )

    member_id: UUID = Field(primary_key=True)
    key: str = Field(primary_key=True, max_length=255)
    organisation_id: UUID | None
    fingerprint: bytes
    """Empty once somebody whom the reply named was erased: it is a hash of what was sent about them."""
    subjects: list[UUID] = Field(default_factory=list, sa_column=Column(ARRAY(Uuid), nullable=False))
    """Every id that the path or the reply names, so that the replies that speak of somebody are found."""
    status: int
    reply: bytes | None
    """Headers and body under the house's key, for they repeat what is known of people.

    None when the reply said `Cache-Control: no-store`: it held a secret.
    """
    created_at: datetime = Field(default_factory=utcnow)
    expires_at: datetime


class Replay(Exception):
    """The request was answered before; carries that answer past the endpoint."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


@dataclass(frozen=True, slots=True)
class Attempt:
    """The first request with a key, until its transaction ends."""

    session: AsyncSession
    member_id: UUID
    organisation_id: UUID | None
    key: str
    fingerprint: bytes
    path: str

    async def keep(self, response: Response) -> None:
        """Write the reply down beside its effect, unless it is a refusal, which changed nothing."""
        if not 200 <= response.status_code < 300:
            return
        now = utcnow()
        secret = "no-store" in response.headers.get("cache-control", "")
        record = IdempotencyRecord(
            member_id=self.member_id,
            key=self.key,
            organisation_id=self.organisation_id,
            fingerprint=self.fingerprint,
            subjects=ids_in(self.path.encode(), bytes(response.body)),
            status=response.status_code,
            reply=None if secret else sealed_reply(await house_key(self.session), self.member_id, self.key, response),
            created_at=now,
            expires_at=now + KEEP_FOR,
        )
        # pk_idempotency_record: the lock keeps a second attempt out, and the table would if the lock did not.
        async with refused_by(self.session, {"pk_idempotency_record": IdempotencyInFlight()}):
            self.session.add(record)
        await forget_expired(self.session, limit=FORGET_AT_ONCE)


async def begin(request: Request, session: AsyncSession, actor: Actor) -> None:
    """Make the request the first with its key, if it has one.

    Raises:
        Replay: it was answered before.
        IdempotencyKeyReused: the key came with another request.
        IdempotencyInFlight: the first with this key has not ended yet.
        IdempotencyReplyWithheld: it was carried out, and the reply was not kept.
    """
    given = request.headers.getlist(HEADER)
    if request.method != "POST" or not given or actor.member_id is None:
        return
    key, house = read_key(given), await house_key(session)
    # Keyed, or whoever reads the database could try out of what person a request was.
    fingerprint = house.digest("idempotency_record", "fingerprint", fingerprint_of(request, await request.body()).hex())
    # A statement of its own before the look-up: only a later one sees what the holder of the lock has committed.
    ours = await session.scalar(select(func.pg_try_advisory_xact_lock(lock_number(actor.member_id, key))))
    found = await session.get(IdempotencyRecord, (actor.member_id, key))
    if found is not None and found.expires_at > utcnow():
        raise Replay(response_of(found, fingerprint, house))
    if not ours:
        raise IdempotencyInFlight("Repeat the request shortly to get its reply.")
    if found is not None:
        await session.delete(found)
        await session.flush()
    request.scope[ATTEMPT] = Attempt(
        session, actor.member_id, actor.organisation_id, key, fingerprint, request.scope["path"]
    )


async def keep(request: Request, response: Response) -> None:
    """Keep the reply when the request came with a key and somebody known sent it."""
    attempt: Attempt | None = request.scope.get(ATTEMPT)
    if attempt is not None:
        await attempt.keep(response)


async def forget_expired(session: AsyncSession, *, limit: int) -> int:
    """Delete up to `limit` expired records, passing over those another transaction holds; say how many.

    Row level security lets a request forget its own organisation's, and the system everybody's.
    """
    here = (col(IdempotencyRecord.member_id), col(IdempotencyRecord.key))
    expired = (
        select(*here)
        .where(IdempotencyRecord.expires_at <= utcnow())
        .order_by(col(IdempotencyRecord.expires_at))
        .limit(limit)
        .with_for_update(skip_locked=True)
        # A plain subselect may be run again for each row of the table, and its limit would hold for each run.
        .cte("expired")
    )
    gone = await session.exec(
        delete(IdempotencyRecord).where(tuple_(*here).in_(select(expired.c.member_id, expired.c.key)))
    )
    return gone.rowcount


async def withhold_replies(session: AsyncSession, subject_id: UUID) -> None:
    """Drop every kept reply that names `subject_id`; a repeat has no second effect still, and gets no reply."""
    here = (col(IdempotencyRecord.member_id), col(IdempotencyRecord.key))
    named = select(*here).where(col(IdempotencyRecord.subjects).contains([subject_id]))
    # In one order, so that two who withhold the same replies wait for each other only once.
    rows = (await session.exec(named.order_by(*here).with_for_update())).all()
    if rows:
        withheld = update(IdempotencyRecord).where(tuple_(*here).in_(rows))
        await session.exec(withheld.values(reply=None, fingerprint=b"", subjects=[]))


def ids_in(*texts: bytes) -> list[UUID]:
    """Every id the texts name, once."""
    return sorted({UUID(found.decode()) for text in texts for found in NAMED.findall(text)})


def read_key(given: list[str]) -> str:
    """The one key of a request."""
    if len(given) != 1 or not re.fullmatch(VISIBLE, given[0]):
        wrong = "Must be one value of 1 to 255 visible ASCII characters."
        fault = Fault("/idempotency-key", "header", "malformed-idempotency-key", wrong)
        raise Invalid("The Idempotency-Key header is malformed.", faults=[fault])
    return given[0]


def fingerprint_of(request: Request, body: bytes) -> bytes:
    """What makes two requests the same: method, path, query, If-Match and body, to the byte but for a boundary."""
    path, query = request.scope["path"].encode(), request.scope["query_string"]
    body = body.replace(boundary_of(request), b"")
    return digest((request.method.encode(), path, query, ", ".join(request.headers.getlist("if-match")).encode(), body))


def boundary_of(request: Request) -> bytes:
    """What parts a multipart body, which every attempt makes anew; of another body a line that is in none."""
    kind, options = parse_options_header(request.headers.get("content-type"))
    boundary = options.get(b"boundary", b"") if kind == b"multipart/form-data" else b""
    return b"--" + (boundary or b"\n\0none\n")


def lock_number(member_id: UUID, key: str) -> int:
    """The advisory lock of a key; 64 bits, so two keys practically never share one."""
    return int.from_bytes(digest((member_id.bytes, key.encode()))[:8], signed=True)


def digest(parts: Iterable[bytes]) -> bytes:
    """SHA-256 over the parts, each behind its length, so that no two sequences run together into one."""
    whole = sha256()
    for part in parts:
        whole.update(len(part).to_bytes(8))
        whole.update(part)
    return whole.digest()


def sealed_reply(house: HouseKey, member_id: UUID, key: str, response: Response) -> bytes:
    """The reply as it is kept: its headers as a line of JSON, then its body."""
    headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    return house.seal_document(place_of(member_id, key), to_json(headers) + b"\n" + bytes(response.body))


def place_of(member_id: UUID, key: str) -> bytes:
    """Where the reply to a request of this member with this key belongs."""
    return place("idempotency_record", "reply", f"{member_id}|{key}")


def response_of(record: IdempotencyRecord, fingerprint: bytes, house: HouseKey) -> Response:
    """The reply that was given, for the same request only."""
    if record.fingerprint not in (fingerprint, b""):
        raise IdempotencyKeyReused("Send another request with another Idempotency-Key, and a repeat unchanged.")
    if record.reply is None:
        raise IdempotencyReplyWithheld("What it made exists; if the reply was lost, make another with another key.")
    kept = house.open_document(place_of(record.member_id, record.key), record.reply)
    headers, _, body = kept.partition(b"\n")
    return Response(body, record.status, headers={**from_json(headers), REPLAYED: "true"})


PROBLEMS: Final = problems(IdempotencyInFlight, IdempotencyKeyReused)
PARAMETER: Final[dict[str, Any]] = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": (
        "Makes the request safe to repeat: for seven days the same key with the same method, path, query, `If-Match` "
        f"and body gets the first reply again, byte for byte, with `{REPLAYED}: true`. Refusals are not kept."
    ),
    "schema": {"type": "string", "pattern": VISIBLE, "minLength": 1, "maxLength": 255},
    "example": "0197a3c2-e5f0-7d6a-9c1e-5f0b7d6a9c1e",
}
REPLY: Final[dict[str, Any]] = {
    "headers": {
        REPLAYED: {
            "description": "Present when the reply repeats that of an earlier request with the same key.",
            "schema": {"type": "string", "const": "true"},
        }
    }
}
