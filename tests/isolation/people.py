"""A person every field of whose data carries a word of its own, and the firm that offers them."""

from typing import Final

from tests.payloads import Json, an_engineer, skills

WORDS: Final = {
    "given name": "Xanthíppe",
    "family name": "Quillfeather",
    "title": "Zyxoverandt",
    "city": "Macondovia",
    "skill": "Vrelkanite",
    "other skill": "Quazzlefrob",
    "certification": "Brimquastle",
    "domain": "Thornwexia",
    "employer": "Gobblenzweig",
    "past employer": "Fjordmantel",
    "past title": "Pliskovarde",
    "summary": "Drumkeltis",
    "past summary": "Osterquaint",
    "domain of a job": "Snorvaxis",
    "institution": "Ulmbrackt",
    "degree": "Wigglemerese",
    "field of study": "Yorvaldine",
    "past institution": "Crombeviller",
    "English bio": "Kestrelbane",
    "Spanish bio": "Ñandurvaço",
    "Portuguese bio": "Jequitimborã",
    "provider": "Hollowfibra",
    "other provider": "Satelyndra",
    "e-mail": "mizzlewicket",
    "host of the e-mail": "dunkelposten",
    "telephone": "6045557193",
    "address": "Carrerazulina",
    "link": "brackenfoldt",
    "path of a link": "oxbowhazeny",
    "file of a link": "tolvendryx",
    "query of a link": "perwinkleth",
    "name of a document": "Wolkenstrudel",
    "content of a document": "Pfefferquinde",
    "firm": "Kolibrantis",
    "member of the firm": "Ferngrovel",
    "key of the firm": "Larkspindler",
}
"""By what they are; long and strange enough to be found nowhere by chance."""

PERSON: Final[Json] = an_engineer(
    given_name=WORDS["given name"],
    family_name=f"de la {WORDS['family name']}",
    title=f"Senior Backend Developer @ {WORDS['title']}",
    city=WORDS["city"],
    country="CO",
    zone="America/Bogota",
    skills=[
        *skills("Python", years=5),
        *skills("Kafka", years=1),
        *skills(WORDS["skill"], years=3),
        *skills(f"Python {WORDS['other skill']}"),
    ],
    languages=[{"language": "en", "speaking": "C1", "listening": "C1"}],
    certifications=[{"certification": WORDS["certification"]}, {"certification": "CKA", "expires_on": "2020-01-01"}],
    domains=[{"domain": WORDS["domain"]}, {"domain": "banking"}],
    work_history=[
        {
            "title": f"Desarrolladora en {WORDS['employer']}",
            "employer": WORDS["employer"],
            "domain": WORDS["domain of a job"],
            "started_on": "2020-01-01",
            "summary": f"Python at {WORDS['employer']}, {WORDS['summary']}.",
        },
        {
            "title": f"{WORDS['past title']} Python developer",
            "employer": WORDS["past employer"],
            "started_on": "2015-01-01",
            "ended_on": "2019-01-01",
            "summary": f"Kafka, {WORDS['past summary']}.",
        },
    ],
    education=[
        {
            "institution": WORDS["institution"],
            "degree": f"{WORDS['degree']} engineering",
            "field_of_study": WORDS["field of study"],
        },
        {"institution": WORDS["past institution"], "degree": "BSc"},
    ],
    bios=[
        {"language": "en", "text": f"I am {WORDS['given name']}, {WORDS['English bio']}. I know Python."},
        {"language": "es", "text": f"Soy {WORDS['given name']}, {WORDS['Spanish bio']}. Sé Python y Kafka."},
        {"language": "pt", "text": f"Sou {WORDS['family name']}, {WORDS['Portuguese bio']}. Sei Python."},
    ],
    workplace={
        "connections": [
            {"medium": "fibre", "provider": WORDS["provider"]},
            {"medium": "satellite", "provider": WORDS["other provider"]},
        ]
    },
    contact={
        "email": f"{WORDS['e-mail']}@{WORDS['host of the e-mail']}.example",
        "phone": "+57 604 555 7193",
        "address": f"{WORDS['address']} 43-12",
        "links": [
            f"https://{WORDS['link']}.example/in/{WORDS['path of a link']}",
            f"https://files.example/cv-{WORDS['file of a link']}.pdf?q={WORDS['query of a link']}",
        ],
    },
)
CV: Final[Json] = {
    "data": {"kind": "cv"},
    "files": {
        "file": (
            f"Curriculum {WORDS['name of a document']}.txt",
            f"{WORDS['given name']} {WORDS['family name']}, {WORDS['content of a document']}.".encode(),
            "text/plain",
        )
    },
}
"""The person's document, as `httpx` is told to send it."""
ROLE: Final[Json] = {
    "title": "Senior Backend Developer",
    "description": "Python and Kafka for a bank.",
    "skills": [*skills("Python", years=8), *skills("Kafka", must=False, years=4), *skills("GraphQL", must=False)],
    "domains": ["banking"],
    "countries": ["CO"],
    "minimum_english": "B2",
    "zone": "America/New_York",
    "working_window": {"starts_at": "09:00", "ends_at": "17:00"},
    "minimum_shared_minutes": 60,
    "certifications": [{"certification": "CKA"}],
    "hourly_rate_ceiling": {"amount_minor": 9000, "currency": "USD"},
}
"""A request that makes the explanations speak of everything that the person has and lacks."""
