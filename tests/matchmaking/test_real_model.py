"""With the model that ships: the right people come first, whatever language either side writes."""

import pytest

from app.matchmaking.engine import Engine
from tests.payloads import matching, post_engineer, post_request, post_shortlist, skills

PEOPLE = {
    "backend": {
        "title": "Desarrolladora Backend Senior",
        "discipline": "software",
        "skills": skills("Python", "Django", "PostgreSQL", years=6),
        "bios": [{"language": "es", "text": "Construyo servicios en Python para pagos y conciliación bancaria."}],
    },
    "frontend": {
        "title": "Frontend Developer",
        "discipline": "software",
        "skills": skills("React", "TypeScript", "CSS", years=5),
        "bios": [{"language": "en", "text": "I build design systems in React."}],
    },
    "civil": {
        "title": "Ingeniero Civil Estructural",
        "discipline": "civil",
        "skills": skills("estructuras de concreto", "AutoCAD", "SAP2000", years=8),
        "bios": [{"language": "es", "text": "Diseño de estructuras de concreto y acero para edificios y puentes."}],
    },
    "data": {
        "title": "Engenheiro de Dados Pleno",
        "discipline": "data",
        "skills": skills("Spark", "Airflow", "SQL", years=4),
        "bios": [{"language": "pt-BR", "text": "Pipelines de dados em Spark e Airflow na nuvem."}],
    },
    "mainframe": {
        "title": "Programador COBOL",
        "discipline": "legacy",
        "skills": skills("COBOL", "JCL", "DB2", years=15),
        "bios": [{"language": "es", "text": "Mantenimiento de sistemas bancarios en mainframe."}],
    },
}
REQUESTS = [
    ("backend", "Senior Python Developer", "Payment services in Django and PostgreSQL."),
    ("backend", "Desarrollador Python", "Servicios de pagos con Django y PostgreSQL."),
    ("frontend", "Desarrollador Frontend", "Interfaces en React y TypeScript."),
    ("frontend", "Desenvolvedor Front-end", "Componentes em React e TypeScript."),
    ("civil", "Structural Engineer", "Reinforced concrete design of buildings and bridges."),
    ("civil", "Engenheiro Civil", "Projeto de estruturas de concreto armado."),
    ("data", "Data Engineer", "Batch pipelines with Spark and Airflow."),
    ("data", "Ingeniera de datos", "Flujos de datos con Spark y Airflow."),
    ("mainframe", "COBOL Programmer", "Mainframe maintenance for a bank."),
    ("mainframe", "Programador de mainframe", "Manutenção de sistemas em COBOL e JCL."),
]


@pytest.fixture
def engine(encoder):
    """Ranks with the bundled model."""
    engine = Engine(encoder)
    yield engine
    engine.close()


async def test_the_right_person_comes_first_in_three_languages_by_words_alone(client, buyer, make_engineers):
    made = dict(zip(PEOPLE, await make_engineers(*PEOPLE.values()), strict=True))
    names = {str(engineer.id): name for name, engineer in made.items()}

    first = []
    for _, title, description in REQUESTS:
        request = await post_request(client, buyer, title=title, description=description)
        shortlist = await post_shortlist(client, buyer, request)
        first.append(names[shortlist["entries"][0]["engineer_id"]])

    assert first == [wanted for wanted, _, _ in REQUESTS]


async def test_a_profile_written_a_moment_before_takes_its_place(client, buyer, supplier, make_engineers):
    await make_engineers(*PEOPLE.values())
    request = await post_request(client, buyer, title="Site Reliability Engineer", description="Kubernetes, Terraform.")
    before = await post_shortlist(client, buyer, request)

    given = {"title": "Ingeniera SRE", "discipline": "cloud", "skills": skills("k8s", "Terraform", years=5)}
    engineer = await post_engineer(client, supplier, **given)
    after = await post_shortlist(client, buyer, request)
    url = f"/v1/engineers/{engineer['id']}"
    await client.patch(url, json={"title": "Poeta", "skills": skills("COBOL")}, headers=matching(supplier, 1))
    changed = await post_shortlist(client, buyer, request)
    await client.post(f"{url}/unlist", headers=matching(supplier, 2))
    without = await post_shortlist(client, buyer, request)

    assert after["entries"][0]["engineer_id"] == engineer["id"]
    assert changed["entries"][0]["engineer_id"] != engineer["id"]
    assert [one["engineer_id"] for one in without["entries"]] == [one["engineer_id"] for one in before["entries"]]
    assert [one["score"] for one in without["entries"]] == [one["score"] for one in before["entries"]]


async def test_the_shortlist_names_the_model(client, buyer):
    shortlist = await post_shortlist(client, buyer, await post_request(client, buyer))

    assert shortlist["model_id"] == "all-MiniLM-L6-v2@53aa51172d14"
    assert len(shortlist["model_hash"]) == 16
