"""People among five hundred others, each as one and the same person may be written in three languages."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from app.core.actor import Role
from app.core.database import create_engine
from app.core.embedded import DatabaseUrls
from app.core.ids import new_id
from app.core.keyring import keys
from app.core.settings import Settings
from app.main import subscriptions
from app.matchmaking.engine import Engine
from app.seeding.generate import generate
from app.talent import service as talent
from matching import SentenceTransformerEncoder
from tests.databases import SystemDatabase
from tests.factories import make_caller
from tests.matchmaking.written import a_job
from tests.payloads import Json, skills
from tests.postgres import Server

OTHERS = 500
CHUNK = 100


@contextmanager
def peopled(server: Server, encoder: SentenceTransformerEncoder) -> Iterator[DatabaseUrls]:
    """A database with five hundred generated profiles, indexed with a real model."""
    with server.clone(f"puente_peopled_{new_id().hex}") as urls:
        asyncio.run(settle(urls, encoder))
        yield urls


async def settle(urls: DatabaseUrls, encoder: SentenceTransformerEncoder) -> None:
    settings = Settings(database_url=urls.app)
    engine = Engine(encoder)
    database = SystemDatabase(create_engine(urls.app, settings), subscriptions(engine), keys(settings))
    everybody = generate(11, engineers=OTHERS, as_of=date(2026, 11, 20)).engineers.values()
    batch = [data for team in everybody for data in team]
    async with database.transaction() as session:
        firm = await make_caller(session, Role.SUPPLIER_ADMIN)
        for start in range(0, len(batch), CHUNK):
            await talent.create_engineers(session, firm.actor, firm.organisation.id, batch[start : start + CHUNK])
    engine.close()
    await database.close()


def english(level: str) -> list[Json]:
    return [{"language": "en", **dict.fromkeys(("speaking", "listening", "reading", "writing"), level)}]


def person(title: str, summary: str, bio: str, language: str, listed: list[Json], **given: Any) -> Json:
    """A profile with two jobs, an older one of the same trade and the present one."""
    jobs = [
        a_job(summary, title=title, started_on="2021-03-01"),
        a_job(None, title=title, started_on="2017-01-01", ended_on="2021-02-28"),
    ]
    return {
        "title": title,
        "seniority": "senior",
        "bios": [{"language": language, "text": bio}],
        "work_history": jobs,
        "skills": listed,
        "languages": english("C1"),
        "country": "CO",
        "city": "Medellín",
        **given,
    }


BACKEND = {
    "en": person(
        "Senior Backend Developer",
        "Moved payments to microservices in Django and ran them on Kubernetes.",
        "I have worked on payments for nine years, in Python.",
        "en",
        skills("Python", "Django", "PostgreSQL", "REST APIs", years=6),
    ),
    "es": person(
        "Desarrolladora Backend Senior",
        "Migré los pagos a microservicios en Django y los operé en Kubernetes.",
        "Trabajo en pagos desde hace nueve años, en Python.",
        "es",
        skills("Python", "Django", "PostgreSQL", "APIs REST", years=6),
    ),
    "pt": person(
        "Desenvolvedora Backend Sênior",
        "Migrei os pagamentos para microsserviços em Django e os operei em Kubernetes.",
        "Trabalho com pagamentos há nove anos, em Python.",
        "pt-BR",
        skills("Python", "Django", "PostgreSQL", "APIs REST", years=6),
    ),
}
DATA = {
    "en": person(
        "Senior Data Engineer",
        "Built batch pipelines with Spark and Airflow.",
        "Data pipelines are my trade.",
        "en",
        skills("Python", "Apache Spark", "SQL", "Data modeling", years=5),
        discipline="data",
    ),
    "es": person(
        "Ingeniero de Datos Senior",
        "Construí flujos por lotes con Spark y Airflow.",
        "Los flujos de datos son mi oficio.",
        "es",
        skills("Python", "Apache Spark", "SQL", "modelado de datos", years=5),
        discipline="data",
    ),
    "pt": person(
        "Engenheiro de Dados Sênior",
        "Construí pipelines em lote com Spark e Airflow.",
        "Pipelines de dados são o meu ofício.",
        "pt-BR",
        skills("Python", "Apache Spark", "SQL", "modelagem de dados", years=5),
        discipline="data",
    ),
}
CIVIL = {
    "en": person(
        "Civil Engineer",
        "Designed bridges with AutoCAD and SAP2000.",
        "Structures of concrete and steel.",
        "en",
        skills("AutoCAD", "SAP2000", "concrete structures", years=8),
        discipline="civil",
    ),
    "es": person(
        "Ingeniera Civil",
        "Diseñé puentes con AutoCAD y SAP2000.",
        "Estructuras de concreto y acero.",
        "es",
        skills("AutoCAD", "SAP2000", "estructuras de concreto", years=8),
        discipline="civil",
    ),
    "pt": person(
        "Engenheira Civil",
        "Projetei pontes com AutoCAD e SAP2000.",
        "Estruturas de concreto e aço.",
        "pt-BR",
        skills("AutoCAD", "SAP2000", "estruturas de concreto", years=8),
        discipline="civil",
    ),
}
PEOPLE = {"backend": BACKEND, "data": DATA, "civil": CIVIL}
WANTED: dict[str, Json] = {
    "backend": {
        "title": "Backend Developer",
        "seniority": "senior",
        "skills": skills("Python", "Django", "Kubernetes", "PostgreSQL", must=False),
        "description": "Payment services for a bank, in Python and Django on Kubernetes.",
    },
    "data": {
        "title": "Ingeniero de datos",
        "seniority": "senior",
        "skills": skills("Spark", "Airflow", "SQL", must=False),
        "description": "Flujos de datos con Spark y Airflow.",
    },
    "civil": {
        "title": "Engenheiro Civil",
        "seniority": "senior",
        "skills": skills("AutoCAD", "SAP2000", must=False),
        "description": "Projeto de estruturas de concreto.",
    },
}
