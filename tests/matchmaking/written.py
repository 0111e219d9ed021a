"""Profiles as rows, without a database."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from app.core.encryption import HouseKey, Key
from app.core.ids import new_id
from app.talent.documents import ProfileDocument
from app.talent.models import Engineer
from app.talent.profiles import Reference, write
from app.talent.queries import LISTS
from app.talent.schemas import EngineerCreate
from app.taxonomy.words import Taxonomy
from tests.payloads import an_engineer

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUSE = HouseKey(b"h" * 32)


def written(words: Taxonomy, data: EngineerCreate | None = None, **given: Any) -> Engineer:
    """The row of a profile, as it is when it has just been written."""
    data = data or EngineerCreate.model_validate(an_engineer(**given))
    engineer = Engineer(id=new_id(), organisation_id=UUID(int=1), discipline=data.discipline, updated_at=NOW)
    engineer.begin(Key(b"k" * 32), ProfileDocument())
    for name in LISTS:
        setattr(engineer, name, [])
    write(engineer, data, Reference(words, None, HOUSE))
    return engineer


def a_job(summary: str | None = None, **given: Any) -> dict[str, Any]:
    return {"title": "Developer", "employer": "Banco", "started_on": "2020-01-01", "summary": summary, **given}
