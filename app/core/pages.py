"""Lists: an opaque cursor over a keyset, never a count."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, TypeVar, cast

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from sqlalchemy import TypeDecorator, literal, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Mapped
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from app.core.errors import Fault, Invalid
from app.core.schemas import Out, Schema

DEFAULT_LIMIT: Final = 50
MAX_LIMIT: Final = 200

Row = TypeVar("Row")
Item = TypeVar("Item", bound=BaseModel)
Sorts = Mapping[str, Mapped[Any]]
"""The fields a list may be sorted by. Their columns must not be nullable: a keyset cannot step over NULL."""


class PageQuery(Schema):
    """The part of a list's query that every list has; a room adds its filters and its `sort`."""

    sort: str = "-created_at"
    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT, description="How many items a page holds at most.")
    cursor: str | None = Field(
        None, min_length=1, max_length=2000, description="`next_cursor` of the page before; keep the same `sort`."
    )


class Page(Out, Generic[Item]):
    """One page of a list."""

    items: list[Item] = Field(
        description="The items of this page, in the order asked for.", json_schema_extra={"maxItems": MAX_LIMIT}
    )
    next_cursor: str | None = Field(
        description="Pass it as `cursor` for the next page; null on the last.", examples=["WyItY3JlYXRlZF9hdCJd"]
    )


@dataclass(frozen=True, slots=True)
class Rows(Generic[Row]):
    """One page of rows; `Page[SomeOut].model_validate(rows)` turns it into a response."""

    items: Sequence[Row]
    next_cursor: str | None


async def list_rows(
    session: AsyncSession, statement: SelectOfScalar[Row], query: PageQuery, sorts: Sorts, *, tie: Mapped[Any]
) -> Rows[Row]:
    """The page of `statement` that `query` asks for; `tie` is the unique column that ends every order."""
    field, descending = query.sort.removeprefix("-"), query.sort.startswith("-")
    keys = [cast(InstrumentedAttribute[Any], key) for key in (sorts[field], tie)]
    cursor = Cursor(query.sort, keys)
    if query.cursor is not None:
        # A row comparison is one range of an index on these columns.
        place = [literal(value, key.type) for key, value in zip(keys, cursor.decode(query.cursor), strict=True)]
        beyond = tuple_(*keys) < tuple_(*place) if descending else tuple_(*keys) > tuple_(*place)
        statement = statement.where(beyond)
    ordered = statement.order_by(*(key.desc() if descending else key.asc() for key in keys))
    # One more than asked for tells whether there is a next page.
    found = (await session.exec(ordered.limit(query.limit + 1))).all()
    items = found[: query.limit]
    following = cursor.encode([getattr(items[-1], key.key) for key in keys]) if len(found) > query.limit else None
    return Rows(items, following)


class Cursor:
    """Writes and reads the place after which a page starts, of one order of one list."""

    def __init__(self, sort: str, keys: Sequence[InstrumentedAttribute[Any]]) -> None:
        self.sort = sort
        shape: Any = tuple[(str, *(cursor_type(key) for key in keys))]  # type: ignore[misc]
        self._adapter: TypeAdapter[tuple[Any, ...]] = TypeAdapter(shape, config=ConfigDict(allow_inf_nan=False))

    def encode(self, place: Sequence[Any]) -> str:
        """The opaque form of `place`."""
        text = self._adapter.dump_json((self.sort, *place))
        return urlsafe_b64encode(text).rstrip(b"=").decode()

    def decode(self, text: str) -> tuple[Any, ...]:
        """The place in a cursor of ours, or a refusal that points at the cursor."""
        try:
            sort, *place = self._adapter.validate_json(urlsafe_b64decode(text.encode() + b"==="), strict=True)
        except (NotBase64, ValidationError, UnicodeEncodeError):
            raise invalid_cursor("Must be the next_cursor of an earlier page, unchanged.") from None
        if sort != self.sort:
            raise invalid_cursor("Belongs to another sort; start again without a cursor.")
        if any("\0" in value for value in place if isinstance(value, str)):
            raise invalid_cursor("Must be the next_cursor of an earlier page, unchanged.")
        return tuple(place)


def cursor_type(key: InstrumentedAttribute[Any]) -> Any:
    """The type of a column's values in a cursor; instants must say where they are."""
    stored = key.type.impl_instance if isinstance(key.type, TypeDecorator) else key.type
    return AwareDatetime if stored.python_type is datetime else stored.python_type


def invalid_cursor(detail: str) -> Invalid:
    """The refusal of a cursor that is not ours."""
    return Invalid("The cursor cannot be used.", faults=[Fault("/cursor", "query", "invalid-cursor", detail)])
