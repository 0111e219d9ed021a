"""Everything that can be set from outside, read from `PUENTE_*` variables."""

from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

PSYCOPG: Final = "postgresql+psycopg"
POSTGRES_DRIVERS: Final = frozenset({"postgres", "postgresql", PSYCOPG})


def with_driver(text: str) -> str:
    """The same URL, naming psycopg 3 as SQLAlchemy wants it named."""
    try:
        url = make_url(text)
    except ArgumentError:
        raise ValueError("must be a postgresql:// URL") from None
    if url.drivername not in POSTGRES_DRIVERS:
        raise ValueError("must be a postgresql:// URL")
    return url.set(drivername=PSYCOPG).render_as_string(hide_password=False)


PostgresUrl = Annotated[str, AfterValidator(with_driver)]


class Settings(BaseSettings):
    """The settings of one process; immutable once read."""

    model_config = SettingsConfigDict(env_prefix="PUENTE_", env_ignore_empty=True, extra="ignore", frozen=True)

    database_url: PostgresUrl | None = None
    """Role the application works as; unset starts the embedded Postgres."""
    migration_database_url: PostgresUrl | None = None
    """Owner of the tables, for migrations only; defaults to `database_url`."""
    state_dir: Path = Path("var")
    """Folder for the embedded database, snapshots and demo credentials."""

    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    model: str = Field("bundled", min_length=1)
    """`bundled`, or the name of a sentence-transformers model."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["console", "json"] = "console"

    max_body_bytes: int = Field(1024 * 1024, ge=1)
    request_timeout_s: float = Field(30.0, gt=0)
    shutdown_timeout_s: int = Field(30, ge=1)

    pool_size: int = Field(10, ge=1)
    pool_overflow: int = Field(10, ge=0)
    pool_timeout_s: float = Field(5.0, gt=0)
    connect_timeout_s: int = Field(5, ge=1)
    statement_timeout_ms: int = Field(20_000, ge=1)
    lock_timeout_ms: int = Field(5_000, ge=1)
    idle_in_transaction_timeout_ms: int = Field(60_000, ge=1)
