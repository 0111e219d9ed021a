"""matching/ on its own: the snippet of the README, with no database, web server or environment."""

import subprocess
import sys
from datetime import date
from pathlib import Path
from uuid import UUID

from matching import (
    Brief,
    Cefr,
    English,
    Interpreter,
    Knowledge,
    Profile,
    SkillFact,
    SkillNeed,
    Taxonomy,
    explain,
    rank,
)

ROOT = Path(__file__).parents[2]

PEOPLE = (
    ("Desarrolladora Backend Sr", "software", 3, {"python": 7, "django": 6, "postgresql": 6}, Cefr.C1, "MX"),
    ("Desenvolvedor Back-end Pleno", "software", 2, {"python": 4, "fastapi": 2}, Cefr.B2, "BR"),
    ("Backend Developer", "software", 3, {"python": 3, "flask": 3}, None, "CO"),
    ("Java Developer", "software", 3, {"java": 8, "spring-boot": 5}, Cefr.C1, "AR"),
    ("Ingeniera de Datos", "data", 3, {"python": 5, "sql": 5}, Cefr.B2, "MX"),
    ("Desarrollador Backend Jr", "software", 1, {"python": 1}, Cefr.B2, "PE"),
    ("Desarrollador Backend", "software", 3, {"python": 9, "django": 9}, Cefr.A2, "CL"),
    ("Front-end Developer", "software", 3, {"javascript": 7, "react": 5}, Cefr.C2, "UY"),
    ("Ingeniero Civil", "civil", 4, {"autocad": 15}, Cefr.B2, "MX"),
    ("DevOps Engineer", "cloud", 3, {"kubernetes": 5, "python": 2}, Cefr.C1, "CR"),
)


def test_ten_profiles_are_ranked_and_explained_without_a_database(bundled, monkeypatch):
    monkeypatch.chdir(ROOT)
    taxonomy = Taxonomy.load(Path("seed_data"))
    profiles = [
        Profile(
            id=UUID(int=number),
            title=title,
            discipline=discipline,
            updated_on=date(2026, 1, 2),
            seniority=seniority,
            skills=tuple(SkillFact(taxonomy.skills.find(name) or name, years) for name, years in skills.items()),
            english=English(speaking=english, listening=english),
            country=country,
        )
        for number, (title, discipline, seniority, skills, english, country) in enumerate(PEOPLE, start=1)
    ]
    interpreter = Interpreter(Knowledge([], bundled), taxonomy)
    pool = interpreter.pool(profiles)
    brief = Brief(
        title="Senior Backend Developer",
        as_of=date(2026, 1, 15),
        discipline="software",
        seniority=3,
        skills=(SkillNeed("python", must=True, years=4), SkillNeed("django")),
        english=Cefr.B2,
    )

    ranking = rank(pool, brief, interpreter.read(brief), 3, taxonomy)
    first = explain(brief, profiles[ranking.entries[0].id.int - 1], ranking.entries[0], taxonomy)

    assert ranking.entries[0].id.int == 1
    assert ranking.considered == 10
    assert {4, 7, 8, 9}.isdisjoint(entry.id.int for entry in ranking.entries)
    assert ranking.entries[0].score == sum(part.contribution for part in ranking.entries[0].parts)
    assert [match.relation for match in first.skills] == ["exact", "exact"]
    assert first.missing == ()
    assert {gate.outcome for gate in first.gates} == {"pass"}


def test_importing_the_library_loads_nothing_heavy_and_nothing_of_the_web():
    heavy = "torch faiss sentence_transformers transformers fastapi sqlalchemy sqlmodel psycopg app"
    program = f"import sys, matching; print([name for name in {heavy.split()} if name in sys.modules])"

    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
