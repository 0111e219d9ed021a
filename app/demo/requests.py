"""The role requests of the tour, as a client would write them in three languages."""

from collections.abc import Mapping
from typing import Any, Final

_NEW_YORK: Final = {
    "zone": "America/New_York",
    "working_window": {"starts_at": "09:00", "ends_at": "18:00"},
    "minimum_shared_minutes": 360,
}

ENGLISH: Final[Mapping[str, Any]] = {
    "title": "Senior Backend Engineer (Python)",
    "description": "Payment APIs for a retail bank: Django services on AWS, events over Kafka, tests first.",
    "discipline": "software",
    "skills": [
        {"skill": "Python", "must": True, "years": 5},
        {"skill": "Django", "must": True, "years": 3},
        {"skill": "Postgres", "must": False, "years": 3},
        {"skill": "Kafka", "must": False},
        {"skill": "AWS", "must": False},
    ],
    "minimum_english": "B2",
    "domains": ["banking"],
    "starts_on": "2027-01-11",
    "duration_weeks": 52,
    "hourly_rate_ceiling": {"amount_minor": 7500, "currency": "USD"},
    **_NEW_YORK,
}

SPANISH: Final[Mapping[str, Any]] = {
    "title": "Ingeniero/a de datos semi senior",
    "description": "Tuberías de datos para comercio minorista: ingesta en tiempo real, modelado y calidad de datos.",
    "discipline": "data",
    "skills": [
        {"skill": "programación en Python", "must": True, "years": 2},
        {"skill": "SQL", "must": True},
        {"skill": "Apache Spark", "must": False, "years": 2},
        {"skill": "Airflow", "must": False},
        {"skill": "almacén de datos", "must": False},
    ],
    "minimum_english": "B1",
    "domains": ["comercio minorista"],
    "starts_on": "2027-01-11",
    "hourly_rate_ceiling": {"amount_minor": 6000, "currency": "USD"},
    **_NEW_YORK,
}

PORTUGUESE: Final[Mapping[str, Any]] = {
    "title": "Engenheiro(a) DevOps pleno",
    "description": "Plataforma em nuvem para uma seguradora: integração contínua, infraestrutura como código.",
    "discipline": "cloud",
    "skills": [
        {"skill": "k8s", "must": True, "years": 2},
        {"skill": "Terraform", "must": False},
        {"skill": "AWS", "must": False, "years": 2},
        {"skill": "integração contínua", "must": False},
    ],
    "minimum_english": "B1",
    "domains": ["seguros"],
    "starts_on": "2027-01-11",
    "hourly_rate_ceiling": {"amount_minor": 6500, "currency": "USD"},
    **_NEW_YORK,
}

REQUESTS: Final[Mapping[str, Mapping[str, Any]]] = {"English": ENGLISH, "Spanish": SPANISH, "Portuguese": PORTUGUESE}

ENGINEER: Final[Mapping[str, Any]] = {
    "given_name": "Demostración",
    "family_name": "De Puente",
    "title": "Desarrolladora Backend Senior",
    "discipline": "software",
    "skills": [
        {"skill": "Python", "years": 8, "last_used": 2026},
        {"skill": "Django", "years": 6, "last_used": 2026},
        {"skill": "PostgreSQL", "years": 8, "last_used": 2026},
        {"skill": "Kafka", "years": 4, "last_used": 2026},
        {"skill": "AWS", "years": 5, "last_used": 2026},
    ],
    "languages": [
        {"language": "es", "speaking": "native", "listening": "native", "reading": "native", "writing": "native"},
        {"language": "en", "speaking": "C1", "listening": "C1", "reading": "C2", "writing": "C1"},
    ],
    "domains": [{"domain": "banca", "years": 6}],
    "work_history": [
        {
            "title": "Desarrolladora Backend",
            "employer": "Banco de Ejemplo",
            "domain": "banca",
            "started_on": "2018-02-01",
        }
    ],
    "bios": [{"language": "es", "text": "Construyo servicios de pagos con Django y PostgreSQL, con pruebas primero."}],
    "city": "Medellín",
    "working_window": {"starts_at": "08:00", "ends_at": "17:00"},
    "available_from": "2027-01-04",
    "weekly_hours": 40,
    "hourly_rate": {"amount_minor": 5500, "currency": "USD"},
}
