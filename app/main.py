"""The application, put together. Composition only."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from importlib.metadata import version
from typing import Any, Final

import structlog
from anyio.to_thread import run_sync
from fastapi import FastAPI
from sqlalchemy.exc import SQLAlchemyError
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from app.audit.signing import sealing
from app.core import health, idempotency, keyring, problems
from app.core.database import Database, create_engine
from app.core.embedded import locate_database
from app.core.encryption import SealBroken, UnknownMasterKey
from app.core.errors import DomainError
from app.core.events import Subscriptions
from app.core.failures import install_failures
from app.core.headers import ACCEPTED, EXPOSED, ReplyHeaders
from app.core.health import Checks
from app.core.logs import configure_logs
from app.core.metrics import HttpMetrics
from app.core.middleware import BodyLimit, HeadLimit, LastResort, Observed, RequestIds
from app.core.migrations import at_head
from app.core.openapi import openapi_document
from app.core.rates import Rates
from app.core.roles import confined
from app.core.settings import Settings
from app.core.tenancy import RANKING, SYSTEM
from app.demand import router as demand
from app.demand import service as demand_service
from app.fairness import counting, declarations
from app.fairness import link_router as declaration_links
from app.fairness import router as fairness
from app.identity import account_router, audit_router, client_router, link_router, matrix, sessions, sign_in_router
from app.identity import router as identity
from app.identity.token_keys import TokenKeySource
from app.matchmaking import indexing, snapshots
from app.matchmaking import privacy as ranked_people
from app.matchmaking import router as matchmaking
from app.matchmaking.engine import Engine, load_engine
from app.matchmaking.flags import router as flags
from app.matchmaking.flags import service as flagging
from app.matchmaking.review import router as review
from app.matchmaking.weights import router as weights
from app.talent import documents_router
from app.talent import router as talent
from app.talent.privacy import erasure, ledger
from app.talent.privacy import link_router as engineer_links
from app.talent.privacy import router as privacy
from app.taxonomy import router as taxonomy
from app.taxonomy.events import WordsAbandoned

TAGS: Final = [
    {"name": "sign-in", "description": "Sessions of people, tokens of programs, passwords and second factors."},
    {"name": "identity", "description": "Organisations, their members, and the keys and clients that act for them."},
    {
        "name": "taxonomy",
        "description": "Skills, titles, domains, certifications, cities: ids, and every name they go by.",
    },
    {"name": "engineers", "description": "Profiles of engineers, posted by the firms that offer them."},
    {"name": "privacy", "description": "What engineers may ask about their data: consent, export, erasure."},
    {"name": "requests", "description": "Roles that clients want filled."},
    {"name": "shortlists", "description": "Candidates for a request: ranked, explained, frozen."},
    {"name": "weights", "description": "What counts how much for a client, and what its decisions suggest."},
    {"name": "fairness", "description": "Whether groups of people fare alike, and what it is that ranks them."},
    {"name": "audit", "description": "Who did what, for those who must know."},
    {"name": "problems", "description": "What the `type` of an error leads to."},
    {"name": "operations", "description": "Whether the service lives and is ready."},
]
DESCRIPTION: Final = """\
Send your API key as `Authorization: Bearer puente_…`, or the access token of a session (`POST /v1/sessions`) or of an
OAuth client (`POST /v1/oauth/token`) in its place.

Errors are `application/problem+json` (RFC 9457) with a stable `code` and, for a malformed payload, a JSON pointer to
every wrong field. Lists take `limit`, `sort` and the `cursor` of the page before; a filter that does not exist is an
error. Reads return an `ETag`: changes want it back in `If-Match`, and a read that sends it in `If-None-Match` is
answered with 304 while nothing has changed. A POST with an `Idempotency-Key` may be repeated without a second effect.
Instants are RFC 3339 in UTC.

Replies say in `RateLimit-Policy` and `RateLimit` how often your key and your organisation may call and what remains;
past it the answer is 429 with `Retry-After`.
"""

FOLLOW_EVERY_S: Final = 30.0
RENEW_EVERY_S: Final = 5.0
STORE_EVERY_S: Final = 5.0

log = structlog.get_logger(__name__)

CORS: Final[dict[str, Any]] = {
    "allow_methods": ["GET", "POST", "PUT", "PATCH", "DELETE"],
    "allow_headers": list(ACCEPTED),
    "expose_headers": list(EXPOSED),
    "max_age": 600,
}


def create_app(
    settings: Settings | None = None, *, database: Database | None = None, engine: Engine | None = None
) -> FastAPI:
    """The application; without a `database` and an `engine` it opens the settings' own when it starts."""
    settings = settings or Settings()
    configure_logs(settings.log_level, settings.log_format)
    metrics = HttpMetrics()
    app = FastAPI(
        title="Puente",
        summary="A nearshore talent marketplace: requests in, ranked and explained shortlists out.",
        description=DESCRIPTION,
        version=version("puente"),
        openapi_tags=TAGS,
        lifespan=lifespan(settings),
        redoc_url=None,
        # Starlette would send a path with a slash too many to whichever host the request named.
        redirect_slashes=False,
        middleware=middleware(settings, metrics),
    )
    app.state.settings = settings
    app.state.metrics = metrics
    app.state.rates = Rates(settings)
    app.state.token_keys = TokenKeySource(settings)
    app.state.checks = Checks()
    if database is not None:
        use_database(app, database)
    if engine is not None:
        use_engine(app, engine)
    install_failures(app)
    people = (talent, documents_router, privacy, engineer_links, declaration_links)
    ranking = (flags, matchmaking, review, weights)
    rooms = (identity, taxonomy, *people, demand, *ranking, fairness, audit_router, problems, health)
    for room in rooms:
        app.include_router(room.router)
    for router in (
        sign_in_router.router,
        account_router.router,
        account_router.once,
        link_router.links,
        link_router.router,
        client_router.router,
    ):
        app.include_router(router)
    app.openapi = lambda: openapi_document(app, matrix.documented)  # type: ignore[method-assign]
    return app


def middleware(settings: Settings, metrics: HttpMetrics) -> list[Middleware]:
    """What a request passes on its way in, outermost first."""
    proxies, origins = list(settings.trusted_proxies), list(settings.cors_origins)
    return [
        *([Middleware(ProxyHeadersMiddleware, trusted_hosts=proxies)] if proxies else []),
        Middleware(RequestIds),
        Middleware(Observed, metrics=metrics),
        Middleware(ReplyHeaders, tls=settings.behind_tls),
        *([Middleware(CORSMiddleware, allow_origins=origins, **CORS)] if origins else []),
        Middleware(LastResort, timeout_s=settings.request_timeout_s),
        Middleware(
            HeadLimit,
            max_url_bytes=settings.max_url_bytes,
            max_header_bytes=settings.max_header_bytes,
            max_query_parameters=settings.max_query_parameters,
        ),
        Middleware(
            BodyLimit,
            max_bytes=settings.max_body_bytes,
            uploads={documents_router.UPLOADS: settings.max_document_bytes + documents_router.AROUND_A_FILE},
        ),
    ]


def subscriptions(engine: Engine) -> Subscriptions:
    """Which room reacts to what another announces."""
    wired = Subscriptions()
    indexing.subscribe(wired, engine)
    ranked_people.subscribe(wired)
    flagging.subscribe(wired)
    counting.subscribe(wired)
    declarations.subscribe(wired)
    erasure.subscribe(wired)
    wired.on(WordsAbandoned, demand_service.say_words_in_use)
    return wired


def known_to_sessions(settings: Settings) -> dict[str, Any]:
    """The keys of this process: those that personal data is sealed with, and the one that signs checkpoints.

    Raises:
        CannotStart: they cannot be read or kept.
    """
    return sealing(settings) | keyring.keys(settings) | ledger.ledger(settings)


def lifespan(settings: Settings) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """What happens around the serving of requests."""

    @asynccontextmanager
    async def around(app: FastAPI) -> AsyncIterator[None]:
        urls = await run_sync(lambda: confined(locate_database(settings)))
        await run_sync(getattr, app.state.token_keys, "keyring")
        if not settings.snapshots:
            await run_sync(snapshots.forget, settings.snapshot_folder)
        engine = await run_sync(load_engine, settings)
        database = Database(create_engine(urls.app, settings), subscriptions(engine), known_to_sessions(settings))
        use_database(app, database)
        use_engine(app, engine)
        try:
            await keyring.prepare(database)
            await erasure.replay(database, database.info[ledger.LEDGER])
            await read_pool(database, engine)
            await forget_what_has_ended(database)
            settle_memory()
            async with following(database, engine), renewing(database, engine), storing(engine):
                yield
        finally:
            engine.close()
            await database.close()

    return around


@asynccontextmanager
async def following(database: Database, engine: Engine) -> AsyncIterator[None]:
    """Bring changes into the pool now and then, so that also a process that ranks nothing forgets who was erased."""

    async def follow() -> None:
        while True:
            await asyncio.sleep(FOLLOW_EVERY_S)
            try:
                async with database.transaction(RANKING) as session:
                    await engine.catch_up(session)
            except (DomainError, SQLAlchemyError, SealBroken, UnknownMasterKey) as failure:
                log.warning("the pool could not follow", reason=type(failure).__name__)

    async with running(follow()):
        yield


@asynccontextmanager
async def renewing(database: Database, engine: Engine) -> AsyncIterator[None]:
    """Read the pool again under what was learned meanwhile, while it is ranked by what was known before."""

    async def renew() -> None:
        while True:
            try:
                async with database.transaction(RANKING) as session:
                    await engine.renew(session)
            except (DomainError, SQLAlchemyError, SealBroken, UnknownMasterKey) as failure:
                log.warning("the pool could not be read anew", reason=type(failure).__name__)
            await asyncio.sleep(RENEW_EVERY_S)

    async with running(renew()):
        yield


@asynccontextmanager
async def storing(engine: Engine) -> AsyncIterator[None]:
    """Write the pool down when it is due, so that the next start need not read it anew."""

    async def store() -> None:
        while True:
            await engine.publish_when_due()
            await asyncio.sleep(STORE_EVERY_S)

    async with running(store()):
        yield


@asynccontextmanager
async def running(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Let something run beside the rest, until the rest is over."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def settle_memory() -> None:
    """Keep what was loaded at the start out of garbage collection: to look through it takes a third of a second."""
    gc.collect()
    gc.freeze()


async def read_pool(database: Database, engine: Engine) -> None:
    """Bring the pool into memory before the first request."""
    async with database.transaction(RANKING) as session:
        await engine.start(session)


async def forget_what_has_ended(database: Database) -> None:
    """Clear what requests leave: they forget expired replies to their own organisation alone, and no session."""
    async with database.transaction(SYSTEM) as session:
        await idempotency.forget_expired(session, limit=10_000)
        await sessions.forget_ended(session)


def use_database(app: FastAPI, database: Database) -> None:
    """Serve from `database`, and be ready only when it is."""
    app.state.database = database
    app.state.checks.add("database", database.answers)
    app.state.checks.add("migrations", at_head(database))


def use_engine(app: FastAPI, engine: Engine) -> None:
    """Rank with `engine`, and be ready only when it is."""
    app.state.engine = engine
    app.state.checks.add("model", engine.encodes)
    app.state.checks.add("pool", engine.has_read)
