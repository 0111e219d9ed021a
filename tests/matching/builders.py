"""Profiles, briefs and pools that say only what a test is about."""

import random
import zlib
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import numpy as np
from hypothesis import HealthCheck, settings
from numpy.typing import NDArray

from matching import (
    GATE_KINDS,
    Asked,
    Brief,
    Cefr,
    CertificationFact,
    CertificationNeed,
    Change,
    Concept,
    Delivery,
    DomainFact,
    English,
    Level,
    Pool,
    Profile,
    Ranking,
    SkillFact,
    SkillNeed,
    Taxonomy,
    rank,
)
from matching.profile import LANGUAGE_MODES

TODAY = date(2026, 1, 15)
SEED_DATA = Path(__file__).parents[2] / "seed_data"
MODEL = "a-test-model"
DIMENSION = 32

quickly = settings(
    database=None, derandomize=True, deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
"""Hypothesis, but the same examples on every run."""


def uid(number: int) -> UUID:
    return UUID(int=number)


def a_profile(number: int = 1, **facts: Any) -> Profile:
    given: dict[str, Any] = {"title": "Backend Developer", "discipline": "software", "updated_on": TODAY}
    return Profile(id=uid(number), **(given | facts))


def a_brief(**demands: Any) -> Brief:
    return Brief(**({"title": "Backend Developer", "as_of": TODAY} | demands))


def skills(**years: float | None) -> tuple[SkillFact, ...]:
    return tuple(SkillFact(skill, years=number) for skill, number in years.items())


def musts(*names: str) -> tuple[SkillNeed, ...]:
    return tuple(SkillNeed(name, must=True) for name in names)


def fluent(level: Cefr) -> English:
    return English(level, level, level, level)


def words() -> Taxonomy:
    """A taxonomy small enough to work every example by hand."""
    return Taxonomy(
        skills=[
            Concept("python", "Python", related={"ruby": 0.4}),
            Concept("django", "Django", implies=("python",), related={"flask": 0.7}),
            Concept("flask", "Flask", implies=("python",)),
            Concept("ruby", "Ruby"),
            Concept("java", "Java", aliases={"es": ("programación en Java",), "pt": ("programação em Java",)}),
            Concept("javascript", "JavaScript", aliases={"en": ("JS",)}),
            Concept("nodejs", "Node.js", aliases={"en": ("Node",)}, implies=("javascript",)),
            Concept("deno", "Deno", implies=("javascript",)),
            Concept("react", "React", aliases={"en": ("React.js",)}, implies=("javascript",)),
            Concept("react-native", "React Native", implies=("react",)),
            Concept("c", "C", ambiguous=frozenset({"C"})),
            Concept("cpp", "C++", related={"c": 0.7}),
            Concept("csharp", "C#", implies=("dotnet",)),
            Concept("dotnet", ".NET"),
            Concept("go", "Go", aliases={"en": ("Golang",)}, ambiguous=frozenset({"go"})),
            Concept("ci-cd", "CI/CD"),
            Concept("docker", "Docker"),
        ],
        titles=[
            Concept(
                "backend-developer",
                "Backend Developer",
                "software",
                {"es": ("desarrollador backend", "desarrolladora backend"), "pt": ("desenvolvedor backend",)},
            )
        ],
        domains=[
            Concept("finance", "Finance"),
            Concept("banking", "Banking", aliases={"es": ("banca",)}, implies=("finance",), related={"insurance": 0.4}),
            Concept("insurance", "Insurance"),
        ],
        certifications=[Concept("aws-sa", "AWS Solutions Architect"), Concept("cka", "CKA")],
        levels=[
            Level("intern", 0, (0, 1), ("estagiário", "pasante")),
            Level("junior", 1, (0, 2), ("jr",)),
            Level("middle", 2, (2, 5), ("ssr", "semi senior", "pleno")),
            Level("senior", 3, (5, 10), ("sr",)),
            Level("lead", 4, (8, 20), ("líder",)),
            Level("principal", 5, (12, 40), ("principal",)),
        ],
        terms={
            "desarrollador": "developer",
            "desarrolladora": "developer",
            "datos": "data",
            "analista": "analyst",
            "arquitecto": "architect",
        },
    )


class Vectors(dict[str, NDArray[np.float32]]):
    """A unit vector for any text; `exact` ones have inner products that are sixteenths, without any rounding."""

    def __init__(self, seed: int, *, exact: bool = True) -> None:
        super().__init__()
        self._seed, self._exact = seed, exact

    def __missing__(self, text: str) -> NDArray[np.float32]:
        seed = zlib.crc32(text.encode()) * 100 + 2 * self._seed + 1
        make = exact_vectors if self._exact else random_vectors
        self[text] = make(1, seed=seed)[0]
        return self[text]


def asked_by(brief: Brief, vectors: Mapping[str, NDArray[np.float32]]) -> Asked:
    """The vectors of a brief's texts."""
    skills = [vectors[need.skill] for need in brief.skills]
    return Asked(vectors[brief.title], np.stack(skills) if skills else np.zeros((0, DIMENSION), dtype=np.float32))


def texts_of(profile: Profile) -> list[str]:
    """Every text of a profile that has a vector."""
    return [profile.title, *profile.past_titles, *(fact.skill for fact in profile.skills)]


def exact_vectors(count: int, seed: int) -> NDArray[np.float32]:
    """Unit vectors of quarters, whose inner products are sixteenths without any rounding, in any order of summation."""
    numbers = np.random.default_rng(seed)
    vectors = np.zeros((count, DIMENSION), dtype=np.float32)
    for row in vectors:
        row[numbers.permutation(DIMENSION)[:16]] = numbers.choice([-0.25, 0.25], 16)
    return np.abs(vectors) if seed % 2 else vectors


def random_vectors(count: int, dimension: int = DIMENSION, *, seed: int) -> NDArray[np.float32]:
    vectors = np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32)
    unit: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def changes_of(
    profiles: Sequence[Profile], vectors: Mapping[str, NDArray[np.float32]], version: int = 0
) -> list[Change]:
    return [Change(one.id, version, one, {text: vectors[text] for text in texts_of(one)}) for one in profiles]


def a_pool(
    profiles: Sequence[Profile], vectors: Mapping[str, NDArray[np.float32]] | None = None, **options: Any
) -> Pool:
    """A pool in which all texts are alike, unless vectors are given; in segments, if `segment_rows` says so."""
    pool = Pool(MODEL, DIMENSION, **options)
    pool.apply(changes_of(profiles, ALIKE if vectors is None else vectors), model_hash=MODEL)
    return pool


def a_ranking(
    profiles: Sequence[Profile] | Pool,
    brief: Brief,
    k: int = 1000,
    vectors: Mapping[str, NDArray[np.float32]] | None = None,
) -> Ranking:
    """The best of these profiles, or of a pool."""
    pool = profiles if isinstance(profiles, Pool) else a_pool(profiles, vectors)
    return rank(pool, brief, asked_by(brief, ALIKE if vectors is None else vectors), k, words())


class _Alike(dict[str, NDArray[np.float32]]):
    def __missing__(self, _text: str) -> NDArray[np.float32]:
        return np.eye(1, DIMENSION, dtype=np.float32)[0]


ALIKE: Final = _Alike()
"""Vectors of texts that are all one."""


SKILLS = ("python", "django", "flask", "ruby", "java", "c", "cpp", "csharp", "dotnet", "go", "docker", "as-written")
TITLES = ("Backend Developer", "Civil Engineer", "Data Analyst", "Site Reliability Engineer")
DOMAINS = ("finance", "banking", "insurance")
CERTIFICATIONS = ("aws-sa", "cka")
ZONES = ("America/Mexico_City", "America/Sao_Paulo", "America/Bogota", "America/New_York")
WINDOWS = ((540, 1080), (480, 1020), (1320, 360))


class Chance:
    """A seeded source of profiles and briefs in which every fact may also be unknown."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - examples, not secrets

    def profile(self, number: int) -> Profile:
        pick = self._random
        finished = pick.randint(0, 6)
        return Profile(
            id=UUID(int=(number * 0x9E3779B97F4A7C15F39CC0605CEDC834) % 2**128),
            title=TITLES[number % len(TITLES)],
            discipline=pick.choice(["software", "data", "embedded", "civil"]),
            updated_on=TODAY - timedelta(days=pick.randint(-3, 700)),
            seniority=self._maybe(pick.randint(0, 5)),
            skills=tuple(self._fact(skill) for skill in pick.sample(SKILLS, pick.randint(0, 7))),
            english=English(*(self._maybe(Cefr(pick.randint(1, 7))) for _ in LANGUAGE_MODES)),
            certifications=tuple(
                CertificationFact(one, self._maybe(self._day())) for one in self._some(CERTIFICATIONS)
            ),
            domains=tuple(DomainFact(one, self._maybe(2.5)) for one in self._some(DOMAINS)),
            past_titles=TITLES[: number % 3],
            country=self._maybe(pick.choice(["MX", "BR", "CO"])),
            zone=self._maybe(pick.choice(ZONES)),
            window=self._maybe(pick.choice(WINDOWS)),
            available_from=self._maybe(self._day()),
            weekly_hours=self._maybe(pick.choice([20, 30, 40])),
            rate=self._maybe(pick.choice([2000, 3100, 4000, 5500])),
            currency=self._maybe(pick.choice(["USD", "BRL"])),
            delivery=self._maybe(Delivery(finished, pick.randint(0, finished))),
        )

    def profiles(self, count: int) -> list[Profile]:
        return [self.profile(number) for number in range(1, count + 1)]

    def brief(self) -> Brief:
        """Mostly lenient: with many gates at once nobody would be left to rank."""
        pick, one_in_three = self._random, 1 / 3
        wanted = pick.sample([*SKILLS, "nobody-has-it"], pick.randint(0, 4))
        demands = {
            "discipline": pick.choice(["software", "embedded", "civil"]),
            "english": Cefr(pick.randint(1, 5)),
            "countries": tuple(pick.sample(("MX", "BR", "AR"), 2)),
            "shared_minutes": pick.choice([0, 240, 420]),
            "starts_on": self._day(),
            "ends_on": TODAY + timedelta(days=pick.randint(0, 500)),
            "weekly_hours": 30,
            "rate_ceiling": 4000,
            "exclude_unknown": frozenset(self._some(GATE_KINDS)),
        }
        return a_brief(
            seniority=self._maybe(pick.randint(0, 5)),
            skills=tuple(SkillNeed(skill, pick.random() < 0.2, self._maybe(pick.randint(0, 6))) for skill in wanted),
            certifications=tuple(CertificationNeed(one, pick.random() < 0.2) for one in self._some(CERTIFICATIONS)),
            domains=tuple(self._some(DOMAINS)),
            zone=self._maybe("America/New_York"),
            window=self._maybe((540, 1080)),
            currency=self._maybe("USD"),
            weights={part: pick.choice([0.0, 0.05, 0.1, 0.3]) for part in ("seniority", "domain", "english", "rate")}
            | {"skill_coverage": 0.27, "skill_depth": 0.16, "semantic": 0.2, "freshness": 0.1, "delivery": 0.03}
            | {"shared_hours": 0.07, "certifications": 0.05, "start": 0.02},
            **{name: demand for name, demand in demands.items() if pick.random() < one_in_three},
        )

    def _fact(self, skill: str) -> SkillFact:
        pick = self._random
        years = self._maybe(pick.choice([0, 0.5, 1, 2, 3.5, 8, 20]))
        return SkillFact(skill, years, self._maybe(pick.randint(1, 5)), self._maybe(pick.randint(2012, 2026)))

    def _maybe(self, value: Any) -> Any:
        return value if self._random.random() < 0.75 else None

    def _some(self, values: Sequence[str]) -> list[str]:
        return self._random.sample(values, self._random.randint(0, len(values)))

    def _day(self) -> date:
        return TODAY + timedelta(days=self._random.randint(-60, 120))
