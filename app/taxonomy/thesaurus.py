"""Names imported from elsewhere, and everything the matcher may learn from.

Imported concepts live in the thesaurus alone and never become skills or titles of the taxonomy. What implies what, and
what stands in for what, are edges a curator answers for, and gates are decided by them; and among tens of thousands of
names some would take "Go", "R" or "C" from the skill that has it. Here they teach dictionaries and the adapter, and
links show them as what they are.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from anyio.to_thread import run_sync
from sqlmodel.ext.asyncio.session import AsyncSession

from app.audit import service as audit
from app.core.actor import Actor
from app.taxonomy import queries, reference
from app.taxonomy.events import ThesaurusImported, ThesaurusRemoved
from app.taxonomy.models import ThesaurusSource
from app.taxonomy.words import (
    ESCO_ATTRIBUTION,
    LANGUAGES,
    Entry,
    TaxonomyInvalid,
    entries_of,
    find_tables,
    read_esco,
)

ESCO: Final = "esco"
ESCO_LICENCE: Final = (
    "This service uses the ESCO classification of the European Commission, reused under Commission Decision "
    "2011/833/EU of 12 December 2011 on the reuse of Commission documents."
)
LONGEST_RELEASE: Final = 40
_ROWS_AT_ONCE: Final = 1_000

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Import:
    """Everything one source names, checked and in order."""

    name: str
    attribution: str
    licence: str
    release: str
    entries: tuple[Entry, ...]
    passed_over: tuple[Path, ...] = ()

    @property
    def names(self) -> int:
        """How many names it has."""
        return sum(len(names) for entry in self.entries for names in entry.names.values())

    @property
    def languages(self) -> list[str]:
        """The languages it has names in."""
        return [language for language in LANGUAGES if any(entry.names.get(language) for entry in self.entries)]

    @property
    def digest(self) -> str:
        """SHA-256 over all of it."""
        digest = hashlib.sha256(json.dumps([self.name, self.attribution, self.licence, self.release]).encode())
        for entry in self.entries:
            digest.update(json.dumps([entry.id, *entry.names.items()]).encode())
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an import did, or would have done."""

    changed: bool
    before: ThesaurusSource | None
    """What was imported of the source until then."""


def read_import(
    paths: Sequence[Path], *, languages: Sequence[str] = LANGUAGES, release: str = "", progress: Progress | None = None
) -> Import:
    """ESCO's names out of these files and folders; `progress` hears of each file.

    Raises:
        TaxonomyInvalid: a file is not as it should be, or no concept has an English name.
    """
    strange = sorted(set(languages) - set(LANGUAGES))
    if strange:
        raise TaxonomyInvalid(f"Puente reads {', '.join(LANGUAGES)}, not {', '.join(strange)}")
    if len(release) > LONGEST_RELEASE:
        raise TaxonomyInvalid(f"a release has at most {LONGEST_RELEASE} letters")
    tables = find_tables(paths, languages)
    entries = [_in_order(entry) for entry in read_esco(tables.files, languages, progress=progress)]
    if not any(entry.names.get("en") for entry in entries):
        raise TaxonomyInvalid("nothing in these files has an English name; ESCO's English files belong to every import")
    entries.sort(key=lambda entry: entry.id)
    return Import(
        ESCO, ESCO_ATTRIBUTION, ESCO_LICENCE, release or tables.release, tuple(entries), passed_over=tables.passed_over
    )


async def compare(session: AsyncSession, given: Import) -> Outcome:
    """What importing this would do now."""
    before = await queries.find_source(session, given.name)
    return Outcome(changed=before is None or before.digest != given.digest, before=before)


async def replace(session: AsyncSession, actor: Actor, given: Import, *, progress: Progress | None = None) -> Outcome:
    """Put an import in the place of what its source had before; `progress` hears of concepts written."""
    # Two imports at once: the second waits, and finds it done or puts its own in the place of the first.
    await queries.lock_taxonomy(session)
    outcome = await compare(session, given)
    if not outcome.changed:
        return outcome
    if outcome.before is not None:
        await queries.delete_source(session, outcome.before.id)
    source = ThesaurusSource(
        name=given.name,
        attribution=given.attribution,
        licence=given.licence,
        release=given.release,
        languages=given.languages,
        concepts=len(given.entries),
        names=given.names,
        digest=given.digest,
    )
    session.add(source)
    # The names refer to it.
    await session.flush()
    for start in range(0, len(given.entries), _ROWS_AT_ONCE):
        some = given.entries[start : start + _ROWS_AT_ONCE]
        await queries.add_names(session, [row for entry in some for row in _rows_of(source, entry)])
        if progress is not None:
            progress(len(some))
    event = ThesaurusImported(source.id, source.name, source.release, source.digest, source.concepts, source.names)
    await audit.record(session, actor, event)
    return outcome


async def remove(session: AsyncSession, actor: Actor, name: str) -> bool:
    """Take what was imported of a source away; say whether there was anything."""
    await queries.lock_taxonomy(session)
    source = await queries.find_source(session, name)
    if source is None:
        return False
    await queries.delete_source(session, source.id)
    await audit.record(session, actor, ThesaurusRemoved(source.id, source.name, source.digest))
    return True


async def sources(session: AsyncSession) -> Sequence[ThesaurusSource]:
    """What was imported, by name."""
    return await queries.all_sources(session)


async def revision(session: AsyncSession) -> str:
    """Changes whenever `entries` does; costs two rows and not sixty thousand."""
    digests = sorted(await queries.imported_digests(session))
    return hashlib.sha256(json.dumps([reference.present_hash(), *digests]).encode()).hexdigest()


async def entries(session: AsyncSession) -> list[Entry]:
    """Everything there is to learn from: the reference data and what was imported, in the same order on every machine.

    A word that a curator maps to a skill is that skill from then on, and teaches nothing: to learn takes minutes.
    """
    imported = await queries.imported_names(session)
    return await run_sync(
        lambda: sorted([*entries_of(reference.present()), *_joined(imported)], key=lambda entry: entry.id)
    )


def _joined(rows: Iterable[tuple[str, str, str, Sequence[str]]]) -> list[Entry]:
    names: defaultdict[tuple[str, str], dict[str, tuple[str, ...]]] = defaultdict(dict)
    for attribution, concept, language, written in rows:
        names[attribution, concept][language] = tuple(written)
    return [_in_order(Entry(concept, found, attribution)) for (attribution, concept), found in names.items()]


def _in_order(entry: Entry) -> Entry:
    """The entry with its languages in one order, whichever file came first."""
    names = {language: entry.names[language] for language in LANGUAGES if entry.names.get(language)}
    return Entry(entry.id, names, entry.source)


def _rows_of(source: ThesaurusSource, entry: Entry) -> list[dict[str, object]]:
    return [
        {"source_id": source.id, "concept_id": entry.id, "language": language, "names": list(names)}
        for language, names in entry.names.items()
    ]
