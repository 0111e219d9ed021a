"""The obvious peer: the same request answered by Postgres alone.

Gates are a WHERE clause and parts are SQL expressions over ordinary indexed tables; the language model's part is an exact
inner product by pgvector. It computes the same score in the same billionths, so that equal results can be told from fast
ones. It is not charged for HTTP, for explanations, or for freezing what it found.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final

import numpy as np
import psycopg

from matching import PROFILE, Brief, Profile, Taxonomy
from matching.brief import share_weights
from matching.gates import NEIGHBOURS
from matching.hours import Workday, length, shared_hours
from matching.parts import (
    COSINE_OF_STRANGERS,
    COSINE_OF_TWINS,
    DAYS_TO_NO_START,
    ENGLISH_VALUES,
    FRESHNESS_HALF_LIFE_DAYS,
    GUESS,
    MUST_WEIGHT,
    NICE_WEIGHT,
    PRIOR_SIZE,
    PRIOR_SUCCESSES,
    RECENCY_FLOOR,
    RECENCY_LOSS,
    SENIORITY_ELSEWHERE,
    SENIORITY_VALUES,
    YEARS_TO_TWO_THIRDS,
    applicable_parts,
)
from tests.bench.scratch import facts_of

Connection = psycopg.Connection[tuple[Any, ...]]

TABLES: Final = """
CREATE TABLE peer (
    id uuid PRIMARY KEY, discipline text, seniority int, speaking int, listening int, reading int, writing int,
    country text, zone text, window_start int, window_end int, available_from date, weekly_hours int, rate bigint,
    currency text, updated_on date, without_skills boolean, without_domains boolean, vector vector(384)
);
CREATE TABLE peer_skill (id uuid, skill text, years float8, level int, last_used int);
CREATE TABLE peer_domain (id uuid, domain text);
CREATE TABLE peer_certification (id uuid, certification text, expires_on date);
"""
INDEXES: Final = """
CREATE INDEX ON peer_skill (skill, id) INCLUDE (years, level, last_used);
CREATE INDEX ON peer_domain (domain, id);
CREATE INDEX ON peer_certification (certification, id);
CREATE INDEX ON peer (country);
CREATE INDEX ON peer (rate);
CREATE INDEX ON peer (available_from);
ANALYZE peer; ANALYZE peer_skill; ANALYZE peer_domain; ANALYZE peer_certification;
"""


def build(connection: Connection) -> None:
    """Fill the peer's tables from the index; twice is once."""
    if connection.execute("SELECT to_regclass('peer_skill')").fetchone() != (None,):
        return
    connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
    connection.execute(TABLES)
    with connection.transaction(), connection.cursor("profiles") as reading, connection.cursor() as writing:
        known = facts_of(connection)
        reading.execute("SELECT engineer_id, vector FROM profile_entry WHERE listed")
        while rows := reading.fetchmany(5000):
            people = [(PROFILE.validate_json(known[one]), vector) for one, vector in rows]
            copy(writing, "peer", (_row(profile, vector) for profile, vector in people))
            copy(writing, "peer_skill", chain.from_iterable(_skills(profile) for profile, _ in people))
            copy(writing, "peer_domain", ((p.id, d.domain) for p, _ in people for d in p.domains))
            copy(
                writing,
                "peer_certification",
                ((p.id, c.certification, c.expires_on) for p, _ in people for c in p.certifications),
            )
    connection.execute(INDEXES)


def copy(cursor: psycopg.Cursor[Any], table: str, rows: Iterator[Sequence[Any]]) -> None:
    """Write rows by COPY."""
    with cursor.copy(f"COPY {table} FROM STDIN") as target:
        for row in rows:
            target.write_row(row)


def query(brief: Brief, vector: np.ndarray, k: int, taxonomy: Taxonomy, connection: Connection) -> str:
    """The statement that ranks; building it is not timed."""
    weights = share_weights(brief.weights, applicable_parts(brief))
    parts = _parts(brief, vector, connection)
    score = " + ".join(f"{weight} * round(100000 * ({parts[part]}))" for part, weight in weights.items())
    gates = " AND ".join(["true", *_gates(brief)])
    return f"""
    WITH need(need, must, weight, years) AS (VALUES {_needs(brief)}),
    credit(need, skill, credit) AS (VALUES {_credits(brief, taxonomy)}),
    hit AS (
        SELECT s.id, n.need, n.must, n.weight, max(c.credit) AS credit, max(c.credit * {_recency(brief)} * {_DEPTH}) AS depth
        FROM peer_skill s JOIN credit c USING (skill) JOIN need n USING (need) GROUP BY s.id, n.need, n.must, n.weight
    ),
    skilled AS (
        SELECT id, sum(weight * credit) / {_total(brief)} AS coverage, sum(weight * depth) / {_total(brief)} AS depth,
               count(*) FILTER (WHERE must AND credit >= 1) AS musts
        FROM hit GROUP BY id
    ),
    field(wanted, domain, credit) AS (VALUES {_domains(brief, taxonomy)}),
    versed AS (
        SELECT id, sum(credit) / {max(1, len(brief.domains))} AS share FROM (
            SELECT d.id, f.wanted, max(f.credit) AS credit FROM peer_domain d JOIN field f USING (domain)
            GROUP BY d.id, f.wanted
        ) AS best GROUP BY id
    ),
    clock(zone, window_start, window_end, fewest) AS (VALUES {_clocks(brief, connection)})
    SELECT p.id, ({score})::bigint AS score
    FROM peer p LEFT JOIN skilled USING (id) LEFT JOIN versed USING (id) LEFT JOIN clock USING (zone, window_start, window_end)
    WHERE {gates}
    ORDER BY score DESC, p.id LIMIT {k}
    """


_DEPTH: Final = f"""CASE WHEN s.years IS NULL THEN coalesce(s.level / 5.0::float8, {GUESS})
    WHEN n.years > 0 THEN least(1, s.years / n.years) ELSE 1 - exp(-s.years / {YEARS_TO_TWO_THIRDS}) END"""


def _row(profile: Profile, vector: bytes) -> Sequence[Any]:
    english = profile.english
    window = profile.window or (None, None)
    return (
        profile.id, profile.discipline, profile.seniority, english.speaking, english.listening, english.reading,
        english.writing, profile.country, profile.zone, *window, profile.available_from, profile.weekly_hours,
        profile.rate, profile.currency, profile.updated_on, not profile.skills, not profile.domains,
        _text(np.frombuffer(vector, "<f2").astype(np.float32)),
    )  # fmt: skip


def _skills(profile: Profile) -> Iterator[Sequence[Any]]:
    for fact in profile.skills:
        yield profile.id, fact.skill, fact.years, fact.level, fact.last_used


def _text(vector: np.ndarray) -> str:
    return f"[{','.join(f'{number:.8g}' for number in vector)}]"


def _values(rows: Sequence[Sequence[str]], nothing: str) -> str:
    return ", ".join(f"({', '.join(row)})" for row in rows) or f"({nothing})"


def _needs(brief: Brief) -> str:
    rows = [
        (
            str(at),
            str(need.must).lower(),
            f"{MUST_WEIGHT if need.must else NICE_WEIGHT}::float8",
            f"{need.years or 0}::float8",
        )
        for at, need in enumerate(brief.skills)
    ]
    return _values(rows, "-1, false, 1::float8, 0::float8")


def _total(brief: Brief) -> float:
    return sum(MUST_WEIGHT if need.must else NICE_WEIGHT for need in brief.skills) or 1.0


def _credits(brief: Brief, taxonomy: Taxonomy) -> str:
    rows = [
        (str(at), _quoted(skill), f"{round(credit * 100) / 100}::float8")
        for at, need in enumerate(brief.skills)
        for skill, credit in taxonomy.skills.credits(need.skill).items()
    ]
    return _values(rows, "-1, '', 0::float8")


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


def _parts(brief: Brief, vector: np.ndarray, connection: Connection) -> Mapping[str, str]:
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
    stretch = f"(-(p.vector <#> '{_text(vector)}') - {COSINE_OF_STRANGERS}) / {COSINE_OF_TWINS - COSINE_OF_STRANGERS}"
    comparable = f"p.rate IS NOT NULL AND p.currency = {_quoted(brief.currency or '')}"
    held = " + ".join(f"({_held(need.certification, brief)})::int" for need in brief.certifications) or "0"
    return {
        "skill_coverage": "coalesce(skilled.coverage, 0)",
        "skill_depth": "coalesce(skilled.depth, 0)",
        "semantic": f"greatest(0, least(1, {stretch}))",
        "seniority": f"CASE WHEN p.seniority IS NULL THEN {GUESS} {seniority} ELSE {SENIORITY_ELSEWHERE} END::float8",
        "domain": "coalesce(versed.share, 0)",
        "english": f"CASE WHEN coalesce({modes}) IS NULL THEN {GUESS} ELSE {values} END",
        "shared_hours": f"CASE WHEN clock.fewest IS NULL THEN {GUESS} ELSE least(1, clock.fewest / {day}::float8) END",
        "certifications": f"({held}) / {max(1, len(brief.certifications))}::float8",
        "start": f"CASE WHEN p.available_from IS NULL THEN {GUESS} ELSE 1 - least({DAYS_TO_NO_START}, greatest(0, p.available_from - {start})) / "
        f"{DAYS_TO_NO_START}::float8 END",
        "delivery": f"{PRIOR_SUCCESSES / PRIOR_SIZE}::float8",
        "freshness": f"power(2::float8, -greatest(0, DATE '{brief.as_of}' - p.updated_on) / {FRESHNESS_HALF_LIFE_DAYS}::float8)",
        "rate": f"CASE WHEN {comparable} THEN greatest(0, 1 - p.rate / {max(1, brief.rate_ceiling or 1)}::float8) "
        f"ELSE {GUESS} END",
    }


def _gates(brief: Brief) -> Iterator[str]:
    def unknown(kind: str, condition: str) -> str:
        return "" if kind in brief.exclude_unknown else f"{condition} OR "

    if any(need.must for need in brief.skills):
        yield f"({unknown('skill', 'without_skills')}coalesce(musts, 0) >= {sum(need.must for need in brief.skills)})"
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
    for need in brief.certifications:
        if need.required:
            yield _held(need.certification, brief)


def _held(certification: str, brief: Brief) -> str:
    until = f"DATE '{brief.starts_on or brief.as_of}'"
    return (
        f"EXISTS (SELECT FROM peer_certification c WHERE c.id = p.id AND c.certification = {_quoted(certification)} "
        f"AND (c.expires_on IS NULL OR c.expires_on >= {until}))"
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
