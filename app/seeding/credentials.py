"""The file with one API key for each side of the marketplace, for whoever tries the demonstration."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from anyio.to_thread import run_sync
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.actor import Actor, Role
from app.core.database import Database
from app.core.errors import Unauthorized
from app.core.pages import MAX_LIMIT
from app.core.tenancy import SIGN_IN, SYSTEM
from app.identity import service as identity
from app.identity.models import Member, Organisation
from app.identity.schemas import ApiKeyCreate, ApiKeyQuery, MemberQuery

FILE: Final = "demo-credentials.json"
LABEL: Final = "demonstration"
_OWNER_ONLY: Final = 0o600
HOLDERS: Final[Mapping[str, Role]] = {
    "supplier": Role.SUPPLIER_ADMIN,
    "client": Role.CLIENT_ADMIN,
    "recruiter": Role.RECRUITER,
    "admin": Role.ADMIN,
}


async def ensure_credentials(database: Database, organisations: Mapping[str, UUID], state_dir: Path) -> Path:
    """Write the file unless the keys in it work; `organisations` says whose member each holder is."""
    file = state_dir / FILE
    if await _all_work(database, await run_sync(_read, file)):
        return file
    async with database.transaction(SYSTEM) as session:
        entries = {
            holder: await _new_entry(session, organisations[holder], HOLDERS[holder])
            for holder in HOLDERS
            if holder in organisations
        }
        # Before the commit: keys that were never committed are found out and replaced; lost ones would live on.
        await run_sync(write_private, file, json.dumps(entries, ensure_ascii=False, indent=2) + "\n")
    return file


def write_private(file: Path, text: str) -> None:
    """Replace a file at once, readable by its owner alone."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f"{file.name}.{os.getpid()}.tmp")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(
        os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY), "w", encoding="utf-8"
    ) as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    unfinished.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read(file: Path) -> dict[str, Any]:
    try:
        entries = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return entries if isinstance(entries, dict) else {}


async def _all_work(database: Database, entries: Mapping[str, Any]) -> bool:
    if set(entries) != set(HOLDERS):
        return False
    async with database.transaction(SIGN_IN) as session:
        for holder, role in HOLDERS.items():
            key = entries[holder].get("key") if isinstance(entries[holder], dict) else None
            if not isinstance(key, str) or not await _works(session, key, role):
                return False
    return True


async def _works(session: AsyncSession, key: str, role: Role) -> bool:
    try:
        return (await identity.authenticate(session, key)).role is role
    except Unauthorized:
        return False


async def _new_entry(session: AsyncSession, organisation_id: UUID, role: Role) -> dict[str, str]:
    """A fresh key for the first member of a role; keys of earlier demonstrations stop working."""
    system = Actor.system()
    organisation = await identity.get_organisation(session, system, organisation_id)
    member = await _first_member(session, organisation, role)
    held = await identity.list_api_keys(session, system, member.id, ApiKeyQuery(limit=MAX_LIMIT))
    for old in held.items:
        if old.label == LABEL:
            await identity.revoke_api_key(session, system, old.id)
    _, key = await identity.create_api_key(session, system, member.id, ApiKeyCreate(label=LABEL))
    return {"organisation": organisation.name, "member": member.email, "key": key}


async def _first_member(session: AsyncSession, organisation: Organisation, role: Role) -> Member:
    query = MemberQuery(role=role, sort="created_at", limit=1)
    members = await identity.list_members(session, Actor.system(), organisation.id, query)
    return members.items[0]
