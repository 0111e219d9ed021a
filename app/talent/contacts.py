"""Finding who has an address or a number, by its keyed hash: the address itself is nowhere to be searched."""

import re
import unicodedata

from sqlalchemy import ColumnElement
from sqlmodel import col

from app.core.encryption import HouseKey
from app.talent.models import EngineerContact


def email_hash(house: HouseKey, email: str) -> bytes:
    """The same for every way of writing one address."""
    return house.digest("engineer_contact", "email_hash", unicodedata.normalize("NFKC", email).casefold())


def phone_hash(house: HouseKey, phone: str) -> bytes:
    """The same for every way of setting one number."""
    return house.digest("engineer_contact", "phone_hash", normal_phone(phone))


def normal_phone(phone: str) -> str:
    """The digits, with a plus where the country comes first."""
    digits = re.sub(r"\D", "", phone)
    return f"+{digits}" if phone.strip().startswith("+") else re.sub("^00", "+", digits)


def holding(house: HouseKey, *, email: str | None, phone: str | None) -> ColumnElement[bool]:
    """Contact data with this address or number, whichever is given."""
    if email is not None:
        return col(EngineerContact.email_hash) == email_hash(house, email)
    return col(EngineerContact.phone_hash) == phone_hash(house, phone or "")
