"""The command line. What goes wrong for an outer reason is one line on stderr and a non-zero exit."""

import asyncio
import json
import logging
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn
from uuid import UUID

import typer
import uvicorn
from alembic.util import CommandError
from fastapi import FastAPI
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy.exc import OperationalError
from starlette.types import Lifespan

from app import calibration_page, operations
from app.audit.signing import find_signing_key
from app.audit.verification import Tampered, Verification, verify_export
from app.core import migrations
from app.core.embedded import DatabaseUrls, locate_database
from app.core.encryption import SealBroken, UnknownMasterKey
from app.core.errors import CannotStart
from app.core.roles import confined
from app.core.settings import Settings
from app.demo.server import running_server, take_tour
from app.identity import matrix
from app.main import create_app
from app.seeding.credentials import FILE
from app.taxonomy import thesaurus
from app.taxonomy.words import LANGUAGES, TaxonomyInvalid

SetupStep = Callable[[Settings, DatabaseUrls], None]

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Puente, a nearshore talent marketplace.",
)
audit = typer.Typer(no_args_is_help=True, help="Sign, export and verify the audit record.")
cli.add_typer(audit, name="audit")
keys = typer.Typer(no_args_is_help=True, help="Look after the master keys that personal data is sealed under.")
cli.add_typer(keys, name="keys")
taxonomy = typer.Typer(no_args_is_help=True, help="Enlarge what the matcher knows names of.")
cli.add_typer(taxonomy, name="taxonomy")
privacy = typer.Typer(no_args_is_help=True, help="See that whoever was erased stays erased.")
cli.add_typer(privacy, name="privacy")
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def main() -> None:
    """Run the command line."""
    try:
        cli()
    except CannotStart as failure:
        refuse(str(failure))
    except (SealBroken, UnknownMasterKey) as failure:
        refuse(f"What is sealed does not open: {failure}")
    except (CommandError, TaxonomyInvalid) as failure:
        refuse(str(failure))
    except OperationalError as failure:
        refuse(f"The database does not answer: {first_line(failure.orig)}")
    except ValidationError as failure:
        refuse("; ".join(f"PUENTE_{str(error['loc'][0]).upper()}: {error['msg']}" for error in failure.errors()))


def migrated_database(settings: Settings) -> DatabaseUrls:
    """The database, once it is known to have the schema of this code."""
    urls = locate_database(settings)
    migrations.require_head(urls)
    return confined(urls)


def refuse(line: str) -> NoReturn:
    """Say what is wrong and leave."""
    err.print(f"puente: {line}", markup=False, soft_wrap=True)
    sys.exit(1)


def first_line(failure: BaseException | None) -> str:
    """The gist of a driver's message, which may run over several lines."""
    return str(failure).strip().partition("\n")[0]


@cli.command()
def migrate() -> None:
    """Bring the database to the schema of this release."""
    migrate_step(settings := Settings(), locate_database(settings))
    out.print(f"The database is at {migrations.head_revision()}.")


def migrate_step(settings: Settings, urls: DatabaseUrls) -> None:
    """Migrate, and load the reference data of this release, as a part of setting up."""
    migrations.migrate(urls)
    if asyncio.run(operations.load_reference(settings, confined(urls))):
        out.print("The reference data is loaded.")


def seed_step(settings: Settings, urls: DatabaseUrls) -> None:
    """Write the demonstration when nobody is there yet."""
    urls = confined(urls)
    if asyncio.run(operations.wants_seeding(settings, urls)):
        write_demonstration(settings, urls, operations.Plan())


def write_demonstration(settings: Settings, urls: DatabaseUrls, plan: operations.Plan) -> None:
    """Seed behind a progress bar, and say where the keys are."""
    out.print(f"Seeding {plan.engineers} engineers; this takes a while once.")
    with counting("Engineers", total=plan.engineers) as progress:
        seeded = asyncio.run(operations.seed_demonstration(settings, urls, plan, progress))
    out.print(f"{seeded.engineers} engineers added. Keys to try: {seeded.credentials}", soft_wrap=True)


SETUP_STEPS: Final[list[SetupStep]] = [migrate_step, seed_step]
"""What `serve --setup` does first, in this order."""


@cli.command()
def seed(
    engineers: Annotated[int, typer.Option(min=0, max=1_000_000, help="How many engineers there shall be.")] = 2000,
    number: Annotated[int, typer.Option("--seed", help="The same number makes the same people.")] = 1,
) -> None:
    """Write a demonstration: firms, clients, requests and engineers; what is there already stays as it is."""
    settings = Settings()
    write_demonstration(settings, migrated_database(settings), operations.Plan(engineers, number))


@cli.command()
def found(
    name: Annotated[str, typer.Option(help="Name of the marketplace.")],
    email: Annotated[str, typer.Option(help="E-mail address of its first admin.")],
) -> None:
    """Begin in an empty database: make the marketplace and its first admin, and print their key once."""
    settings = Settings()
    key = asyncio.run(operations.found_marketplace(settings, migrated_database(settings), name, email))
    out.print(key, soft_wrap=True, markup=False)


@cli.command()
def demo() -> None:
    """Take the tour of the README, against a running server or one started for it."""
    settings = Settings()
    with running_server(settings) as url:
        take_tour(url, settings.state_dir, out)


@cli.command()
def reindex() -> None:
    """Build the index again: after a change of model, or of the taxonomy."""
    settings = Settings()
    with counting("Profiles indexed") as progress:
        encoded = asyncio.run(operations.reindex(settings, migrated_database(settings), progress))
    out.print(f"The index is whole; {encoded} profiles were encoded again.")


@cli.command()
def verify() -> None:
    """Compare the index with the profiles it was made from; exit with 1 when they differ."""
    settings = Settings()
    with counting("Profiles compared") as progress:
        wrong = asyncio.run(operations.verify(settings, migrated_database(settings), progress))
    for line in wrong:
        out.print(line, markup=False, soft_wrap=True)
    if wrong:
        raise typer.Exit(1)
    out.print("The index equals the listed profiles.")


@cli.command()
def calibrate(
    client: Annotated[UUID | None, typer.Option(help="The client to propose weights to.")] = None,
    everybody: Annotated[bool, typer.Option("--all", help="Every client that has decided on candidates.")] = False,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Learn from shortlists made from this day on.")
    ] = None,
) -> None:
    """Propose ranking weights from what was decided on shortlists. They count for nothing until somebody applies them.

    It takes 20 shortlists with somebody advanced and somebody declined, and 60 of each in all.
    """
    if (client is None) != everybody:
        raise CannotStart("Say whose weights: --client ID, or --all.")
    settings = Settings()
    day = since.date() if since else None
    with counting("Clients calibrated") as progress:
        found = asyncio.run(operations.calibrate(settings, migrated_database(settings), client, day, progress))
    for one in found:
        calibration_page.show(out, one)
    if not found:
        out.print("Nobody has decided on candidates yet.")


@audit.command()
def checkpoint() -> None:
    """Sign every chain of audit records where it ends now, so that a cut tail is found."""
    settings = Settings()
    made = asyncio.run(operations.audit_checkpoint(settings, migrated_database(settings)))
    out.print(f"{made} checkpoints made.")


@audit.command()
def export(
    organisation: Annotated[UUID | None, typer.Option(help="Only the records of this organisation.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="The records of all, and of the system itself.")] = False,
) -> None:
    """Write audit records to standard output as NDJSON, sealed, to be verified anywhere."""
    if (organisation is None) != everything:
        raise CannotStart("Say whose records: --organisation ID, or --all.")
    settings = Settings()
    write = sys.stdout.buffer.write
    asyncio.run(operations.audit_export(settings, migrated_database(settings), organisation, write))


@privacy.command()
def replay() -> None:
    """Erase again whom the ledger of erasures names, as `serve` does before it is ready: after restoring a backup."""
    settings = Settings()
    erased = asyncio.run(operations.replay_erasures(settings, migrated_database(settings)))
    out.print(f"{erased} people were erased again.")


@taxonomy.command()
def import_esco(
    paths: Annotated[list[Path] | None, typer.Argument(help="ESCO's CSV files, or folders that hold them.")] = None,
    languages: Annotated[
        list[str] | None, typer.Option("--lang", help="Take names of this language: en, es or pt; by default all.")
    ] = None,
    release: Annotated[str, typer.Option(help="Which release it is, where the folder does not say.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and compare only.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Take ESCO's names away again.")] = False,
) -> None:
    """Let the matcher learn ESCO's names of occupations and skills, in place of any imported before.

    Download the classification from https://esco.ec.europa.eu as CSV, once for each language; occupations_xx.csv and
    skills_xx.csv are read. A file that is not whole changes nothing. Servers notice, and learn while they serve.
    """
    settings = Settings()
    if remove:
        if paths or dry_run:
            raise CannotStart("--remove takes neither files nor --dry-run.")
        removed = asyncio.run(operations.remove_esco(settings, migrated_database(settings)))
        out.print("ESCO's names are gone." if removed else "ESCO was not imported.")
        return
    if not paths:
        raise CannotStart("Say which files: puente taxonomy import-esco PATH.")
    with counting("Files read") as progress:
        given = thesaurus.read_import(paths, languages=languages or LANGUAGES, release=release, progress=progress)
    with counting("Concepts", total=len(given.entries)) as progress:
        work = operations.import_esco(settings, migrated_database(settings), given, progress=progress, dry_run=dry_run)
        outcome = asyncio.run(work)
    report_import(given, outcome, dry_run=dry_run)


def report_import(given: thesaurus.Import, outcome: thesaurus.Outcome, *, dry_run: bool) -> None:
    """Say what came in, from whom, and what was passed over."""
    if given.passed_over:
        out.print(f"{len(given.passed_over)} files hold no names of these languages and were passed over.")
    what = f"{given.names} names of {len(given.entries)} concepts in {', '.join(given.languages)}"
    if not outcome.changed:
        out.print(f"{what} are imported already; nothing changed.")
    elif dry_run:
        replaced = f" in place of {outcome.before.names}" if outcome.before else ""
        out.print(f"{what} would be imported{replaced}; nothing changed.")
    else:
        out.print(f"{what} are imported. {given.attribution}", soft_wrap=True, markup=False)


@keys.command()
def rotate() -> None:
    """Make a new master key and bring every person's key under it, while the service serves.

    Run it again when it was interrupted. The master keys before stay in the file until a later rotation finds that they
    wrap nothing; from then on no old copy of a destroyed person's key can be opened, not even out of a backup.
    """
    settings = Settings()
    done = asyncio.run(operations.rotate_keys(settings, migrated_database(settings)))
    out.print(f"{done} keys are under another master key now.")


@keys.command("list")
def list_keys() -> None:
    """Say how many keys each master key wraps, the current one first."""
    settings = Settings()
    for key_id, count in asyncio.run(operations.master_keys(settings, migrated_database(settings))).items():
        out.print(f"{key_id}  {count}", markup=False)


@audit.command("verify")
def verify_audit(
    file: Annotated[Path | None, typer.Argument(help="An export; without one, the database is checked.")] = None,
    unsigned: Annotated[bool, typer.Option(help="Check hashes only, where there is no audit key.")] = False,
) -> None:
    """Check that no audit record was changed, removed, moved or added; exit with 1 and name the first that was."""
    settings = Settings()
    key = None if unsigned else find_signing_key(settings)
    if key is None and not unsigned:
        raise CannotStart("There is no audit key to check signatures with: set PUENTE_AUDIT_KEY, or say --unsigned.")
    try:
        found = verify_file(file, key) if file else verify_database(settings, key)
    except Tampered as finding:
        refuse(str(finding))
    signatures = "not checked" if unsigned else "good"
    out.print(f"{found.records} records in {found.chains} chains are as they were written; signatures: {signatures}.")


def verify_database(settings: Settings, key: bytes | None) -> Verification:
    """Check the database."""
    return asyncio.run(operations.audit_verify(settings, migrated_database(settings), key))


def verify_file(file: Path, key: bytes | None) -> Verification:
    """Check an export."""
    try:
        with file.open("rb") as lines:
            return verify_export(lines, key)
    except OSError as failure:
        raise CannotStart(f"{file} cannot be read: {failure.strerror}.") from failure


@contextmanager
def counting(what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """A bar with a running count, drawn where somebody watches."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as bars:
        task = bars.add_task(what, total=total)
        yield lambda done: bars.advance(task, done)


@cli.command()
def openapi() -> None:
    """Print the OpenAPI document, the same bytes each time."""
    document = create_app().openapi()
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


@cli.command()
def permissions() -> None:
    """Print the page that says who may do what: docs/permissions.md."""
    sys.stdout.write(matrix.page(create_app()))


@cli.command()
def serve(
    setup: Annotated[bool, typer.Option("--setup", help="Migrate, and seed when empty, before serving.")] = False,
) -> None:
    """Serve the API on PUENTE_HOST and PUENTE_PORT until told to stop."""
    settings = Settings()
    # Uvicorn raises the signal again once it has finished; the default action would skip our own clearing up.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with listening(settings.host, settings.port) as listener:
        urls = locate_database(settings)
        for step in SETUP_STEPS if setup else ():
            step(settings, urls)
        migrations.require_head(urls)
        located = settings.model_copy(update={"database_url": urls.app, "migration_database_url": urls.owner})
        run_server(located, listener)


def listening(host: str, port: int) -> socket.socket:
    """A bound socket, had before anything slow begins."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
    except OSError as failure:
        raise CannotStart(
            f"Cannot listen on {host}:{port}: {failure.strerror}. Set PUENTE_PORT to another."
        ) from failure
    # Connections inherit it. asyncio sets it only on sockets that it opened itself; without it the body of a reply
    # waits until the caller has acknowledged the head, up to 40 ms on a connection that is kept alive.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def run_server(settings: Settings, listener: socket.socket) -> None:
    """Serve on `listener` until told to stop, then finish the requests in flight."""
    config = uvicorn.Config(
        create_app(settings),
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # uvicorn believes whoever calls from this machine; create_app asks the settings
        timeout_graceful_shutdown=settings.shutdown_timeout_s,
    )
    server = PuenteServer(config, on_ready=partial(say_where, settings, listener.getsockname()[1]))
    try:
        with suppress(KeyboardInterrupt):
            server.run(sockets=[listener])
    # Uvicorn leaves by itself when starting fails; the reason says more than its exit code.
    except SystemExit:
        if server.failure is None:
            raise
    if server.failure is not None:
        raise server.failure


def say_where(settings: Settings, port: int) -> None:
    """Print where to look, and one command to try."""
    address = f"http://{settings.host}:{port}"
    out.print(f"\nPuente is ready on {address}")
    out.print(f"  documentation  {address}/docs")
    out.print(f"  metrics        {address}/metrics")
    keys = settings.state_dir / FILE
    if keys.exists():
        out.print(f"  keys to try    {keys}", soft_wrap=True)
        key = json.loads(keys.read_text(encoding="utf-8"))["recruiter"]["key"]
        out.print(
            f"  try            curl -s -H 'Authorization: Bearer {key}' '{address}/v1/engineers?skill=k8s&limit=1'",
            soft_wrap=True,
        )
        out.print("  take the tour  make demo\n")
    else:
        out.print(f"  try            curl -s {address}/readyz\n")


class PuenteServer(uvicorn.Server):
    """A server that says when it is ready, and keeps the reason when it cannot start."""

    def __init__(self, config: uvicorn.Config, *, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self.on_ready = on_ready
        self.failure: Exception | None = None
        app: FastAPI = config.app  # type: ignore[assignment]
        app.router.lifespan_context = self._remembering(app.router.lifespan_context)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, quietly when it fails: whoever runs the server is told by `failure`."""
        chatter = logging.getLogger("uvicorn.error")
        usual = chatter.level
        chatter.setLevel(logging.CRITICAL)
        await super().startup(sockets)
        chatter.setLevel(usual)
        if self.started:
            self.on_ready()

    def _remembering(self, lifespan: Lifespan[FastAPI]) -> Lifespan[FastAPI]:
        @asynccontextmanager
        async def remembered(app: FastAPI) -> AsyncIterator[Any]:
            try:
                async with lifespan(app) as state:
                    yield state
            except Exception as failure:
                self.failure = failure
                raise

        return remembered
