"""What the reference data promises, counted."""

from collections import Counter

from app.taxonomy.models import ConceptKind
from app.taxonomy.reference import read_cities, read_concepts
from app.taxonomy.words import key


def test_the_reference_data_is_as_wide_as_it_says():
    concepts = read_concepts()
    kinds = Counter(concept.kind for concept in concepts)
    skills = [concept for concept in concepts if concept.kind is ConceptKind.SKILL]

    aliases = {
        key(name)
        for skill in skills
        for names in skill.aliases.values()
        for name in names
        if key(name) != key(skill.name)
    }
    languages = Counter(language for skill in skills for language in skill.aliases)

    assert kinds[ConceptKind.SKILL] >= 600
    assert len(aliases) >= 2500
    assert min(languages[language] for language in ("en", "es", "pt")) >= 600
    assert any(skill.implies for skill in skills)
    assert any(skill.related for skill in skills)
    assert kinds[ConceptKind.CERTIFICATION] >= 150
    assert all(
        concept.classifier and concept.facts["validity_months"] >= 0
        for concept in concepts
        if concept.kind is ConceptKind.CERTIFICATION
    )
    assert kinds[ConceptKind.DOMAIN] >= 40


def test_cities_cover_the_region_small_ones_too():
    cities = read_cities()

    latin = [city for city in cities if city.country not in {"US", "CA", "ES", "PT"}]

    assert len(latin) >= 120
    assert len({city.country for city in latin}) >= 15
    assert sum(city.size == "intermediate" for city in latin) >= 50
    assert all(-90 <= city.latitude <= 90 and -180 <= city.longitude <= 180 for city in cities)
