"""The obvious peers: the same request answered by Postgres alone, and by a vector database that filters.

In the first, gates are a WHERE clause and parts are SQL expressions over ordinary indexed tables; skills are compared by
pgvector. It computes the same score in the same billionths, so that equal results can be told from fast ones. It is not
charged for HTTP, for explanations, or for freezing what it found; and how close titles come, which takes more than
vectors, it is given as a table by title.

The second orders what passes the same gates by one vector a profile, the mean of its texts', and by nothing else. It has
an exact scan, and an index where one is built.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final

import numpy as np
import psycopg
from numpy.typing import NDArray

from app.core.encryption import Keyring, MasterKeys, Wrapped
from app.core.keyring import place_of
from app.core.settings import Settings
from app.matchmaking.models import facts_place
from matching import PROFILE, Brief, Pool, Profile, Taxonomy
from matching.brief import share_weights
from matching.gates import NEIGHBOURS
from matching.hours import Workday, length, shared_hours
from matching.interaction import Asked
from matching.parts import (
    COSINE_OF_STRANGERS,
    COSINE_OF_TWINS,
    DAYS_TO_NO_START,
    ENGLISH_VALUES,
    FRESHNESS_HALF_LIFE_DAYS,
    PAST_TITLE_WORTH,
    PRIOR_SIZE,
    PRIOR_SUCCESSES,
    SENIORITY_ELSEWHERE,
    SENIORITY_VALUES,
    TITLE_SHARE,
    VALUE_UNIT,
    applicable_parts,
)
from matching.skills import GUESS, MUST_WEIGHT, NICE_WEIGHT, RECENCY_FLOOR, RECENCY_LOSS, YEARS_TO_TWO_THIRDS
from matching.texts import Texts
from tests.bench.scratch import CHUNK, in_processes
from tests.postgres import connect

Connection = psycopg.Connection[tuple[Any, ...]]
Vectors = Mapping[str, NDArray[np.float32]]

TABLES: Final = """
CREATE EXTENSION IF NOT EXISTS vector;
CREATE TABLE peer (
    id uuid, discipline text, seniority int, speaking int, listening int, reading int, writing int,
    country text, zone text, window_start int, window_end int, available_from date, weekly_hours int, rate bigint,
    currency text, updated_on date, without_skills boolean, without_domains boolean, title text, vector vector(384)
);
ALTER TABLE peer ALTER vector SET STORAGE PLAIN;
CREATE TABLE peer_skill (id uuid, skill text, years float8, level int, last_used int);
CREATE TABLE peer_domain (id uuid, domain text);
CREATE TABLE peer_certification (id uuid, certification text, expires_on date);
CREATE TABLE peer_past_title (id uuid, title text);
CREATE TABLE peer_skill_vector (skill text PRIMARY KEY, vector vector(384));
CREATE TABLE peer_closeness (request uuid, title text, closeness float8, PRIMARY KEY (request, title));
"""
INDEXES: Final = """
SET maintenance_work_mem = '1GB';
ALTER TABLE peer ADD PRIMARY KEY (id);
CREATE INDEX ON peer_skill (skill, id);
CREATE INDEX ON peer_skill (id) INCLUDE (skill, years, level, last_used);
CREATE INDEX ON peer_domain (id) INCLUDE (domain);
CREATE INDEX ON peer_certification (certification, id);
CREATE INDEX ON peer_past_title (id) INCLUDE (title);
CREATE INDEX ON peer (country);
CREATE INDEX ON peer (rate);
CREATE INDEX ON peer (available_from);
VACUUM ANALYZE peer; VACUUM ANALYZE peer_skill; VACUUM ANALYZE peer_domain; VACUUM ANALYZE peer_certification;
VACUUM ANALYZE peer_past_title; VACUUM ANALYZE peer_skill_vector;
"""
GENEROUS: Final = "SET work_mem = '512MB'; SET jit = off; SET effective_cache_size = '12GB'; SET random_page_cost = 1.1"


def build(connection: Connection, url: Any, pool: Pool) -> None:
    """Fill the peers' tables from the index, with the pool's own vectors of texts; twice is once."""
    connection.execute(GENEROUS)
    drop_index(connection)
    if connection.execute("SELECT to_regclass('peer_ready')").fetchone() != (None,):
        return
    connection.execute("DROP TABLE IF EXISTS peer, peer_skill, peer_domain, peer_certification, peer_past_title")
    connection.execute("DROP TABLE IF EXISTS peer_skill_vector, peer_closeness")
    connection.execute(TABLES)
    titles, skills = vectors_of(pool.words.titles), vectors_of(pool.words.skills)
    with connection.cursor() as cursor:
        copy(cursor, "peer_skill_vector", ((skill, text_of(vector)) for skill, vector in skills.items()))
    everybody = [row[0] for row in connection.execute("SELECT engineer_id FROM profile_entry ORDER BY engineer_id")]
    chunks = [(some[0], some[-1]) for at in range(0, len(everybody), CHUNK) if (some := everybody[at : at + CHUNK])]
    for _ in in_processes(_Copying, (url, titles, skills), chunks):
        pass
    for statement in filter(str.strip, INDEXES.split(";")):
        connection.execute(statement)
    connection.execute("CREATE TABLE peer_ready ()")


def vectors_of(texts: Texts) -> Vectors:
    """Vectors by text."""
    codes = [code for code, text in enumerate(texts.values) if text is not None]
    found = texts.index.vectors(np.asarray(codes, dtype=np.int64))
    return {str(texts.values[code]): vector for code, vector in zip(codes, found, strict=True)}


class _Copying:
    """Unseals what the index holds of people and writes it into the peers' tables."""

    def __init__(self, url: Any, titles: Vectors, skills: Vectors) -> None:
        self._connection = connect(url)
        self._keyring = Keyring(MasterKeys.of(Settings()))
        self._titles, self._skills = titles, skills

    def __call__(self, task: tuple[Any, Any]) -> int:
        statement = (
            "SELECT i.engineer_id, i.facts, k.master_key_id, k.wrapped FROM profile_entry i "
            "JOIN person_key k USING (engineer_id) WHERE i.listed AND i.engineer_id BETWEEN %s AND %s"
        )
        people = [self._open(*row) for row in self._connection.execute(statement, task)]
        with self._connection.transaction(), self._connection.cursor() as cursor:
            copy(cursor, "peer", (_row(one, text_of(self._vector(one))) for one in people))
            copy(cursor, "peer_skill", chain.from_iterable(map(_skills, people)))
            copy(cursor, "peer_domain", ((one.id, domain.domain) for one in people for domain in one.domains))
            held = ((one.id, each.certification, each.expires_on) for one in people for each in one.certifications)
            copy(cursor, "peer_certification", held)
            copy(cursor, "peer_past_title", ((one.id, title) for one in people for title in one.past_titles))
        return len(people)

    def _open(self, engineer_id: Any, facts: bytes, master_key_id: str, wrapped: bytes) -> Profile:
        key = self._keyring.unwrap(place_of(engineer_id), Wrapped(master_key_id, wrapped))
        return PROFILE.validate_json(key.open_document(facts_place(engineer_id), facts))

    def _vector(self, profile: Profile) -> NDArray[np.float32]:
        return mean_of([self._titles[profile.title], *(self._skills[fact.skill] for fact in profile.skills)])


def mean_of(vectors: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """One vector for several texts, of length one."""
    mean = np.mean(vectors, axis=0)
    unit: NDArray[np.float32] = mean / max(float(np.linalg.norm(mean)), 1e-9)
    return unit


def copy(cursor: psycopg.Cursor[Any], table: str, rows: Iterator[Sequence[Any]]) -> None:
    """Write rows by COPY."""
    with cursor.copy(f"COPY {table} FROM STDIN") as target:
        for row in rows:
            target.write_row(row)


def give_titles(connection: Connection, request: Any, pool: Pool, asked: Asked) -> None:
    """Tell the peer how close every title of the pool comes to a request's; it is not timed."""
    assert asked.titles is not None
    titles = pool.words.titles
    codes = np.asarray([code for code, text in enumerate(titles.values) if text is not None], dtype=np.int64)
    close = asked.titles(titles).of(codes) / VALUE_UNIT
    connection.execute("DELETE FROM peer_closeness WHERE request = %s", [request])
    with connection.cursor() as cursor:
        rows = ((request, titles.values[code], float(one)) for code, one in zip(codes, close, strict=True))
        copy(cursor, "peer_closeness", rows)
    connection.execute("ANALYZE peer_closeness")


def nearest(brief: Brief, asked: Asked, k: int, taxonomy: Taxonomy, connection: Connection) -> str:
    """The statement of the vector database: whoever passes the gates, by one vector."""
    gates = " AND ".join(["true", *_gates(brief, taxonomy)])
    vector = text_of(mean_of([asked.title, *asked.skills]))
    return f"""
    WITH clock(zone, window_start, window_end, fewest) AS MATERIALIZED (VALUES {_clocks(brief, connection)})
    SELECT p.id, p.vector <#> '{vector}' AS distance
    FROM peer p {_clocked(brief)} WHERE {gates} ORDER BY p.vector <#> '{vector}' LIMIT {k}
    """


EFFORTS: Final = (100, 400, 1_000)
"""Lengths of the list of candidates that a search of the index keeps; it goes on where gates leave too few."""


def build_index(connection: Connection) -> None:
    """An HNSW index on the one vector a profile; twice is once."""
    connection.execute("SET maintenance_work_mem = '4GB'")
    connection.execute("SET max_parallel_maintenance_workers = 2")
    connection.execute("CREATE INDEX IF NOT EXISTS peer_nearest ON peer USING hnsw (vector vector_ip_ops)")


def drop_index(connection: Connection) -> None:
    """Scan from now on."""
    connection.execute("DROP INDEX IF EXISTS peer_nearest")


def exactly(connection: Connection, statement: str) -> dict[Any, Any]:
    """What the vector database finds without its index."""
    with connection.transaction():
        connection.execute("SET LOCAL enable_indexscan = off")
        return dict(connection.execute(statement).fetchall())


def by_index(connection: Connection, statement: str, effort: int) -> list[tuple[Any, ...]]:
    """What it finds with the index, which searches on until enough have passed the gates."""
    with connection.transaction():
        connection.execute("SET LOCAL hnsw.iterative_scan = strict_order")
        connection.execute("SET LOCAL hnsw.max_scan_tuples = 1000000")
        connection.execute(f"SET LOCAL hnsw.ef_search = {effort}")
        connection.execute("SET LOCAL enable_sort = off")
        return connection.execute(statement).fetchall()


def query(request: Any, brief: Brief, asked: Asked, k: int, taxonomy: Taxonomy, connection: Connection) -> str:
    """The statement that ranks; building it is not timed."""
    weights = share_weights(brief.weights, applicable_parts(brief))
    parts = _parts(brief)
    score = " + ".join(f"{weight} * round({VALUE_UNIT} * ({parts[part]})::float8)" for part, weight in weights.items())
    gates = " AND ".join(["true", *_gates(brief, taxonomy)])
    facets, needs = range(len(brief.facets)), range(len(brief.skills))
    near = ", ".join(_near(facet, asked.skills[at]) + f" AS near{at}" for at, facet in enumerate(brief.facets))
    worth = ", ".join(f"{_credit(need.skill, taxonomy)} AS credit{at}" for at, need in enumerate(brief.skills))
    best = [f"max(n.near{at}) AS near{at}" for at in facets]
    best += [f"max(n.credit{at}) AS credit{at}" for at in needs]
    best += [
        f"max(n.credit{at} * {_recency(brief)} * {_depth(need.years)}) AS depth{at}"
        for at, need in enumerate(brief.skills)
    ]
    return f"""
    WITH clock(zone, window_start, window_end, fewest) AS MATERIALIZED (VALUES {_clocks(brief, connection)}),
    p AS MATERIALIZED (
        SELECT p.id, p.title, seniority, speaking, listening, reading, writing, available_from, rate, currency,
               updated_on, clock.fewest
        FROM peer p LEFT JOIN clock USING (zone, window_start, window_end) WHERE {gates}
    ),
    word AS MATERIALIZED (SELECT v.skill {"".join(f", {one}" for one in (near, worth) if one)} FROM peer_skill_vector v),
    skilled AS (
        SELECT s.id {"".join(f", {one}" for one in best)}
        FROM peer_skill s JOIN p USING (id) JOIN word n USING (skill) GROUP BY s.id
    ),
    past AS (
        SELECT t.id, max(c.closeness) AS closeness
        FROM peer_past_title t JOIN p USING (id) JOIN peer_closeness c ON c.title = t.title
        WHERE c.request = '{request}' GROUP BY t.id
    ),
    field(wanted, domain, credit) AS MATERIALIZED (VALUES {_domains(brief, taxonomy)}),
    versed AS (
        SELECT id, sum(credit) / {max(1, len(brief.domains))} AS share FROM (
            SELECT d.id, f.wanted, max(f.credit) AS credit
            FROM peer_domain d JOIN p USING (id) JOIN field f USING (domain) GROUP BY d.id, f.wanted
        ) AS best GROUP BY id
    )
    SELECT p.id, ({score})::bigint AS score
    FROM p LEFT JOIN skilled USING (id) LEFT JOIN past USING (id) LEFT JOIN versed USING (id)
    LEFT JOIN peer_closeness title ON title.request = '{request}' AND title.title = p.title
    ORDER BY score DESC, p.id LIMIT {k}
    """


def _near(facet: str, vector: NDArray[np.float32]) -> str:
    stretch = f"(-(v.vector <#> '{text_of(vector)}') - {COSINE_OF_STRANGERS}) / {COSINE_OF_TWINS - COSINE_OF_STRANGERS}"
    close = f"greatest(0, least(1, {stretch}))"
    return f"round({VALUE_UNIT} * CASE WHEN v.skill = {_quoted(facet)} THEN 1 ELSE {close} END) / {VALUE_UNIT}::float8"


def _credit(skill: str, taxonomy: Taxonomy) -> str:
    whens = " ".join(
        f"WHEN {_quoted(one)} THEN {round(credit * 100) / 100}"
        for one, credit in taxonomy.skills.credits(skill).items()
    )
    return f"(CASE v.skill {whens} ELSE 0 END)::float8" if whens else "0::float8"


def _depth(years: float | None) -> str:
    known = f"least(1, s.years / {years})" if years else f"1 - exp(-s.years / {YEARS_TO_TWO_THIRDS})"
    return f"(CASE WHEN s.years IS NULL THEN coalesce(s.level / 5.0::float8, {GUESS}) ELSE {known} END)"


def _row(profile: Profile, vector: str) -> Sequence[Any]:
    english = profile.english
    window = profile.window or (None, None)
    return (
        profile.id, profile.discipline, profile.seniority, english.speaking, english.listening, english.reading,
        english.writing, profile.country, profile.zone, *window, profile.available_from, profile.weekly_hours,
        profile.rate, profile.currency, profile.updated_on, not profile.skills, not profile.domains, profile.title,
        vector,
    )  # fmt: skip


def _skills(profile: Profile) -> Iterator[Sequence[Any]]:
    for fact in profile.skills:
        yield profile.id, fact.skill, fact.years, fact.level, fact.last_used


def text_of(vector: NDArray[np.float32]) -> str:
    """A vector as pgvector reads it."""
    return str(vector.astype(np.float32).tolist())


def _values(rows: Sequence[Sequence[str]], nothing: str) -> str:
    return ", ".join(f"({', '.join(row)})" for row in rows) or f"({nothing})"


def _domains(brief: Brief, taxonomy: Taxonomy) -> str:
    rows = [
        (_quoted(wanted), _quoted(domain), f"{round(credit * 100) / 100}::float8")
        for wanted in brief.domains
        for domain, credit in taxonomy.domains.credits(wanted).items()
    ]
    return _values(rows, "'', '', 0::float8")


def _clocks(brief: Brief, connection: Connection) -> str:
    if brief.zone is None or brief.window is None:
        return "('', 0, 0, 0)"
    team = Workday(brief.zone, *brief.window)
    found = connection.execute(
        "SELECT DISTINCT zone, window_start, window_end FROM peer WHERE zone IS NOT NULL AND window_start IS NOT NULL"
    ).fetchall()
    start = brief.starts_on or brief.as_of
    rows = [
        (
            _quoted(zone),
            str(first),
            str(last),
            str(shared_hours(Workday(zone, first, last), team, start, brief.ends_on).fewest),
        )
        for zone, first, last in found
    ]
    return _values(rows, "'', 0, 0, 0")


def _recency(brief: Brief) -> str:
    idle = f"greatest(0, {brief.as_of.year} - s.last_used - 1)"
    return f"coalesce(greatest({RECENCY_FLOOR}, 1 - {RECENCY_LOSS} * {idle})::float8, 1)"


def _parts(brief: Brief) -> Mapping[str, str]:
    seniority = " ".join(
        f"WHEN p.seniority - {brief.seniority or 0} = {distance} THEN {worth}"
        for distance, worth in SENIORITY_VALUES.items()
    )
    modes = ", ".join(f"p.{mode}" for mode in brief.english_modes)
    lowest = f"least({modes}, 99)"
    margin = f"least({len(ENGLISH_VALUES) - 1}, {lowest} - {int(brief.english or 0)})"
    values = f"(ARRAY[{', '.join(map(str, ENGLISH_VALUES))}]::float8[])[1 + {margin}]"
    start = f"DATE '{brief.starts_on or brief.as_of}'"
    day = length(Workday(brief.zone or "UTC", *(brief.window or (0, 0))))
    comparable = f"p.rate IS NOT NULL AND p.currency = {_quoted(brief.currency or '')}"
    held = " + ".join(f"({_held(need.certification, brief)})::int" for need in brief.certifications) or "0"
    return {
        "skill_coverage": _weighed(brief, "credit"),
        "skill_depth": _weighed(brief, "depth"),
        "semantic": _semantic(brief),
        "seniority": f"CASE WHEN p.seniority IS NULL THEN {GUESS} {seniority} ELSE {SENIORITY_ELSEWHERE} END::float8",
        "domain": "coalesce(versed.share, 0)",
        "english": f"CASE WHEN coalesce({modes}) IS NULL THEN {GUESS} ELSE {values} END",
        "shared_hours": f"CASE WHEN fewest IS NULL THEN {GUESS} ELSE least(1, fewest / {day}::float8) END",
        "certifications": f"({held}) / {max(1, len(brief.certifications))}::float8",
        "start": f"CASE WHEN p.available_from IS NULL THEN {GUESS} ELSE 1 - least({DAYS_TO_NO_START}, greatest(0, p.available_from - {start})) / "
        f"{DAYS_TO_NO_START}::float8 END",
        "delivery": f"{PRIOR_SUCCESSES / PRIOR_SIZE}::float8",
        "freshness": f"power(2::float8, -greatest(0, DATE '{brief.as_of}' - p.updated_on) / {FRESHNESS_HALF_LIFE_DAYS}::float8)",
        "rate": f"CASE WHEN {comparable} THEN greatest(0, 1 - p.rate / {max(1, brief.rate_ceiling or 1)}::float8) "
        f"ELSE {GUESS} END",
    }


def _semantic(brief: Brief) -> str:
    title = f"greatest(coalesce(title.closeness, 0), {PAST_TITLE_WORTH} * coalesce(past.closeness, 0))"
    if not brief.facets:
        return title
    skills = " + ".join(f"coalesce(skilled.near{at}, 0)" for at in range(len(brief.facets)))
    return f"{TITLE_SHARE} * {title} + {1 - TITLE_SHARE} * (({skills}) / {len(brief.facets)})"


def _weighed(brief: Brief, what: str) -> str:
    weights = [MUST_WEIGHT if need.must else NICE_WEIGHT for need in brief.skills]
    terms = " + ".join(f"{weight} * coalesce(skilled.{what}{at}, 0)" for at, weight in enumerate(weights))
    return f"({terms or 0}) / {sum(weights) or 1.0}::float8"


def _clocked(brief: Brief) -> str:
    asked = brief.shared_minutes is not None and brief.zone
    return "LEFT JOIN clock USING (zone, window_start, window_end)" if asked else ""


def _gates(brief: Brief, taxonomy: Taxonomy) -> Iterator[str]:
    def unknown(kind: str, condition: str) -> str:
        return "" if kind in brief.exclude_unknown else f"{condition} OR "

    for need in brief.skills:
        if need.must:
            holding = [one for one, credit in taxonomy.skills.credits(need.skill).items() if credit >= 1]
            listed = ", ".join(map(_quoted, sorted({need.skill, *holding})))
            has = f"p.id IN (SELECT s.id FROM peer_skill s WHERE s.skill IN ({listed}))"
            yield f"({unknown('skill', 'p.without_skills')}{has})"
    if brief.discipline:
        near = set() if "discipline" in brief.exclude_unknown else NEIGHBOURS.get(brief.discipline, frozenset())
        yield f"p.discipline IN ({', '.join(map(_quoted, sorted({brief.discipline, *near})))})"
    if brief.english:
        for mode in brief.english_modes:
            yield f"({unknown('english', f'p.{mode} IS NULL')}p.{mode} >= {int(brief.english)})"
    if brief.countries:
        countries = ", ".join(map(_quoted, brief.countries))
        yield f"({unknown('country', 'p.country IS NULL')}p.country IN ({countries}))"
    if brief.shared_minutes is not None and brief.zone:
        yield f"({unknown('shared_hours', 'clock.fewest IS NULL')}clock.fewest >= {brief.shared_minutes})"
    if brief.starts_on:
        latest = f"DATE '{brief.starts_on}' + {brief.start_tolerance_days}"
        yield f"({unknown('start', 'p.available_from IS NULL')}p.available_from <= {latest})"
    if brief.weekly_hours is not None:
        yield f"({unknown('weekly_hours', 'p.weekly_hours IS NULL')}p.weekly_hours >= {brief.weekly_hours})"
    if brief.rate_ceiling is not None:
        ours = _quoted(brief.currency or "")
        incomparable = unknown("rate", f"p.rate IS NULL OR p.currency IS DISTINCT FROM {ours}")
        yield f"({incomparable}(p.currency = {ours} AND p.rate <= {brief.rate_ceiling}))"
    for held in brief.certifications:
        if held.required:
            yield _held(held.certification, brief)


def _held(certification: str, brief: Brief) -> str:
    until = f"DATE '{brief.starts_on or brief.as_of}'"
    return (
        f"EXISTS (SELECT FROM peer_certification c WHERE c.id = p.id AND c.certification = {_quoted(certification)} "
        f"AND (c.expires_on IS NULL OR c.expires_on >= {until}))"
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
