"""Everything that can be set from outside, read from `PUENTE_*` variables."""

import re
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Final, Literal

from limits import RateLimitItem, parse_many
from pydantic import AfterValidator, BeforeValidator, Field, InstanceOf, SecretStr
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

PSYCOPG: Final = "postgresql+psycopg"
ORIGIN: Final = re.compile(r"https?://[a-z0-9.\-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:]+\](:[0-9]{1,5})?")
MASTER_KEYS: Final = r"(?P<id>[A-Za-z0-9_.-]{1,40}):(?P<hex>[0-9A-Fa-f]{64})"
"""One master key as it is written, in the setting and in the file."""
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


def rate(text: object) -> object:
    """The rate that `600/minute` or `off` stands for."""
    if not isinstance(text, str):
        return text
    if text.strip() == "off":
        return None
    try:
        (item,) = parse_many(text)
    except ValueError:
        item = None
    if item is None or item.amount < 1:
        raise ValueError("must be a rate such as 600/minute, or off")
    return item


def well_named(text: SecretStr) -> SecretStr:
    """Master keys, each named once."""
    written = [re.fullmatch(MASTER_KEYS, part) for part in text.get_secret_value().split(",")]
    names = [part["id"] for part in written if part is not None]
    if len(set(names)) < len(written):
        raise ValueError("must be id:hex64,id:hex64 with different ids, the current one first")
    return text


def split(text: object) -> object:
    """The parts of a list written with commas."""
    return [part.strip() for part in text.split(",") if part.strip()] if isinstance(text, str) else text


def origin(text: str) -> str:
    """An origin as browsers write it."""
    if not ORIGIN.fullmatch(text):
        raise ValueError("must be origins such as https://app.example, without a path; * is not one")
    return text


def network(text: str) -> str:
    """An address or a network."""
    try:
        ip_network(text)
    except ValueError:
        raise ValueError("must be IP addresses or networks") from None
    return text


Rate = Annotated[InstanceOf[RateLimitItem] | None, BeforeValidator(rate), NoDecode]
Origins = Annotated[tuple[Annotated[str, AfterValidator(origin)], ...], BeforeValidator(split), NoDecode]
Networks = Annotated[tuple[Annotated[str, AfterValidator(network)], ...], BeforeValidator(split), NoDecode]
PostgresUrl = Annotated[str, AfterValidator(with_driver)]


class Settings(BaseSettings):
    """The settings of one process; immutable once read."""

    model_config = SettingsConfigDict(env_prefix="PUENTE_", env_ignore_empty=True, extra="ignore", frozen=True)

    database_url: PostgresUrl | None = None
    """Role the application works as; unset starts the embedded Postgres."""
    migration_database_url: PostgresUrl | None = None
    """Owner of the tables, for migrations only; defaults to `database_url`."""
    state_dir: Path = Path("var")
    """Folder for the embedded database, snapshots, demo credentials, and the keys below that are made there."""
    master_keys: Annotated[SecretStr, AfterValidator(well_named)] | None = None
    """Wrap the keys that personal data is sealed with; unset makes one once in the state folder."""
    audit_key: SecretStr | None = Field(None, min_length=32)
    """Signs checkpoints of the audit record; unset makes one once in the state folder."""
    erasure_ledger: Path | None = None
    """Where erasures are written down, so that a restored backup brings nobody back; unset, in the state folder."""
    snapshots: bool = True
    """Whether the pool is kept on disk between two runs; what is in it names nobody, but says what they can do."""
    snapshot_dir: Path | None = None
    """Where the pool is kept; unset, in the state folder."""
    audit_checkpoint_every: int = Field(100, ge=1)
    """After how many records of an organisation the server signs a checkpoint by itself."""

    token_key: SecretStr | None = Field(None, min_length=64, max_length=64)
    """Signs access tokens and seals second factors, 32 bytes in hexadecimal; unset makes one in the state folder."""

    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    model: str = Field("bundled", min_length=1)
    """`bundled`, or the name of a sentence-transformers model."""
    model_revision: str | None = None
    """A branch, tag or commit of a model from a hub; its main branch unless set."""
    model_prompt: str = Field("", max_length=200)
    """What the model wants before each text, such as "query: " of E5 models."""
    model_multilingual: bool = False
    """Whether the model reads Spanish and Portuguese as they are, and is not given them word by word in English."""

    operator_contact: str | None = Field(None, min_length=3, max_length=200)
    """Whom people write to about the ranking: an address or a page, for the model card."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["console", "json"] = "console"

    max_body_bytes: int = Field(1024 * 1024, ge=1)
    max_document_bytes: int = Field(5 * 1024 * 1024, ge=1)
    """Largest document of an engineer; every other body keeps to `max_body_bytes`."""
    max_url_bytes: int = Field(8 * 1024, ge=1024)
    max_header_bytes: int = Field(32 * 1024, ge=1024)
    max_query_parameters: int = Field(100, ge=1)
    request_timeout_s: float = Field(30.0, gt=0)
    shutdown_timeout_s: int = Field(30, ge=1)

    pool_size: int = Field(10, ge=1)
    pool_overflow: int = Field(10, ge=0)
    pool_timeout_s: float = Field(5.0, gt=0)
    connect_timeout_s: int = Field(5, ge=1)
    statement_timeout_ms: int = Field(20_000, ge=1)
    lock_timeout_ms: int = Field(5_000, ge=1)
    idle_in_transaction_timeout_ms: int = Field(60_000, ge=1)

    rate_per_key: Rate = Field("6000/minute", validate_default=True)
    """How often one key may call, in a moving window: `600/minute`, `10/5 seconds`, or `off`."""
    rate_per_organisation: Rate = Field("30000/minute", validate_default=True)
    """How often all keys of an organisation may call."""
    rate_failures_per_address: Rate = Field("60/minute", validate_default=True)
    """How often an address may send a key that is not good."""
    rate_storage_uri: str | None = None
    """Where processes share their counts, such as `redis://…`; unset counts in each process alone."""

    trusted_proxies: Networks = ()
    """Peers whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed; nobody's unless named."""
    behind_tls: bool = False
    """Whether callers reach the service by https only; then browsers are told to insist on it."""
    cors_origins: Origins = ()
    """Origins whose pages may call from a browser; none sends no CORS headers at all."""

    @property
    def snapshot_folder(self) -> Path:
        """Where the pool is kept between two runs, if it is."""
        return self.snapshot_dir or self.state_dir / "pool"
