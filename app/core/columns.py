"""How columns are declared, so that every table does it alike."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Enum as EnumType
from sqlalchemy import MetaData
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


CLASSES: Final = "classes"
"""Key of a table's `info` under which the class of each column stands."""


class DataClass(StrEnum):
    """How far a value may travel; what an actor sees is decided by these alone."""

    PUBLIC = "public"
    """A client may see it before it has accepted a proposal."""
    INTERNAL = "internal"
    """Says nothing about a person, and is nobody's business outside the firm concerned and the marketplace."""
    PERSONAL = "personal"
    """Says who somebody is, or could: names, employers, free text."""
    CONFIDENTIAL = "confidential"
    """Contact data and secrets; every reading is recorded, if there is one at all."""


class Unclassified(TypeError):
    """A column has no class, or a class names a column that is not there."""


def classified(
    *, public: str = "", internal: str = "", personal: str = "", confidential: str = ""
) -> dict[str, Mapping[str, DataClass]]:
    """The entry for a table's `info` that says of which class each column is."""
    given = {
        DataClass.PUBLIC: public,
        DataClass.INTERNAL: internal,
        DataClass.PERSONAL: personal,
        DataClass.CONFIDENTIAL: confidential,
    }
    names = [name for text in given.values() for name in text.split()]
    if len(set(names)) < len(names):
        raise Unclassified(f"Classified twice: {sorted({name for name in names if names.count(name) > 1})}.")
    return {CLASSES: {name: kind for kind, text in given.items() for name in text.split()}}


def require_classes(what: str, names: Iterable[str], classes: Mapping[str, DataClass] | None) -> None:
    """Refuse unless exactly these names have a class.

    Raises:
        Unclassified: they do not.
    """
    wrong = set(names) ^ set(classes or ())
    if wrong:
        raise Unclassified(f"{what}: each column needs a class, and each class a column: {', '.join(sorted(wrong))}.")


def require_classified(metadata: MetaData) -> None:
    """Refuse a table that says nothing about a column, or something about one that is not there.

    Raises:
        Unclassified: there is one.
    """
    for name, table in metadata.tables.items():
        require_classes(name, table.columns.keys(), table.info.get(CLASSES))
