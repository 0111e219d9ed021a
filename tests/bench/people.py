"""Generated profiles for benchmarks that need no database."""

from datetime import date
from pathlib import Path
from typing import Final
from uuid import UUID

from app.core.encryption import HouseKey, Key
from app.core.ids import new_id
from app.matchmaking.facts import profile_of
from app.seeding.generate import generate
from app.talent.documents import ProfileDocument
from app.talent.models import Engineer
from app.talent.profiles import Reference, write
from app.talent.queries import LISTS
from app.talent.schemas import EngineerCreate
from matching import Profile, Taxonomy

SEED: Final = 7
HOUSE: Final = HouseKey(bytes(32))
AS_OF: Final = date(2026, 11, 20)
SEED_DATA: Final = Path(__file__).parents[2] / "seed_data"


def profiles(count: int) -> tuple[Taxonomy, list[Profile]]:
    """Profiles as the application would index them."""
    taxonomy = Taxonomy.load(SEED_DATA)
    generated = generate(SEED, engineers=count, as_of=AS_OF).engineers
    everyone = [engineer for team in generated.values() for engineer in team]
    return taxonomy, [profile_of(_row(data, taxonomy), taxonomy) for data in everyone]


def _row(data: EngineerCreate, taxonomy: Taxonomy) -> Engineer:
    engineer = Engineer(id=new_id(), organisation_id=UUID(int=0), discipline=data.discipline)
    engineer.begin(Key(bytes(32)), ProfileDocument())
    for name in LISTS:
        setattr(engineer, name, [])
    write(engineer, data, Reference(taxonomy, None, HOUSE))
    return engineer
