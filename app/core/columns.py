"""How columns are declared, so that every table does it alike."""

from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Enum as EnumType
from sqlmodel import Field, SQLModel

NAMING_CONVENTION: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

SQLModel.metadata.naming_convention = NAMING_CONVENTION


def enum_type(enum: type[StrEnum], name: str) -> EnumType:
    """A text column type that holds the enum's values, guarded by a check named `name`."""
    return EnumType(
        enum,
        name=name,
        native_enum=False,
        create_constraint=True,
        validate_strings=True,
        length=40,
        values_callable=lambda members: [member.value for member in members],
    )


def enum_field(enum: type[StrEnum], name: str, **options: Any) -> Any:
    """A SQLModel field that stores `enum` by value; `name` is the column's, and names the check."""
    return Field(sa_type=enum_type(enum, name), **options)
