import threading

import numpy as np
import pytest

from matching import HashingEncoder, Taxonomy
from matching.knowledge import Knowledge
from matching.taxonomy import Concept, Level
from matching.titles import TitleIndex, TitleReader
from tests.matching.test_knowledge import ENTRIES

TAXONOMY = Taxonomy(
    skills=[],
    titles=[Concept("network-engineer", "Network Engineer", aliases={"es": ("ingeniero de redes",)})],
    levels=[Level("senior", 3, (5, 9), ("senior", "sr", "sênior", "sénior"))],
)


@pytest.fixture(scope="module")
def reader() -> TitleReader:
    return TitleReader(Knowledge(ENTRIES, HashingEncoder()), TAXONOMY)


@pytest.fixture
def index(reader) -> TitleIndex:
    return TitleIndex(reader)


def vectors(reader, titles):
    knowledge = reader.knowledge
    return knowledge.adapted(knowledge.encoder.encode([reader.read(title).gloss for title in titles]))


def join(index, *titles):
    return index.places(titles, lambda some: vectors(index.reader, [titles[at] for at in some]))


def close(index, request, *titles):
    query = index.query(request, vectors(index.reader, [request])[0])
    places = join(index, *titles)
    return query.closeness(index.segments)[places]


def test_a_known_title_is_read_as_its_english_name(reader):
    assert reader.read("Ingeniero de Redes Sr") == ("Network Engineer", "en", "Network Engineer")


def test_an_unknown_title_loses_its_seniority_and_is_glossed(reader):
    text, language, gloss = reader.read("Panadera sénior de noche")

    assert text == "Panadera de noche"
    assert language == "es"
    assert "senior" not in gloss.lower()


@pytest.mark.parametrize("written", ["", "   ", "😀", "senior", "工程师", "x" * 10_000, "\u200b", "C++ / C#"])
def test_any_title_can_be_read_and_compared(index, written):
    found = close(index, "network engineer", written, "baker")

    assert np.isfinite(found).all()
    assert ((found >= 0) & (found <= 1)).all()


def test_spellings_of_one_title_share_a_place(index):
    places = join(index, "Network Engineer", "ingeniero de redes", "Sr. Network Engineer", "baker")

    assert len(set(places.tolist())) == 2
    assert len(index) == 2


def test_the_requests_own_title_is_perfect_and_others_are_less(index):
    found = close(index, "Ingeniero de redes", "network engineer senior", "civil engineer", "nurse")

    assert found[0] == pytest.approx(1, abs=1e-4)
    assert found[1:].max() < 0.9


def test_closeness_is_the_same_however_the_index_grew(reader):
    titles = [f"{word} {number} engineer" for word in ("bread", "civil", "night") for number in range(40)]
    at_once, grown = TitleIndex(reader), TitleIndex(reader)
    for title in titles[::-1]:
        join(grown, title)

    expected = close(at_once, "civil engineer", *titles)
    found = close(grown, "civil engineer", *titles)

    assert found == pytest.approx(expected, abs=2e-6)
    assert 1 < len(grown.segments) < 12


def test_a_query_compares_only_what_is_new(index, monkeypatch):
    join(index, *(f"baker {number}" for number in range(50)))
    query = index.query("baker", vectors(index.reader, ["baker"])[0])
    query.closeness(index.segments)
    join(index, "civil engineer")
    compared = []
    monkeypatch.setattr("matching.titles.closeness", lambda segment, _: compared.append(len(segment)) or [np.zeros(1)])

    query.closeness(index.segments)

    assert compared == [1]


def test_threads_may_grow_and_ask_at_once(index):
    failures = []

    def work(number):
        try:
            for at in range(20):
                found = close(index, "network engineer", f"engineer {number} {at}", f"engineer {at}", "baker")
                assert np.isfinite(found).all()
        except Exception as failure:  # noqa: BLE001
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not failures
    assert len(index) == 4 * 20 + 20 + 1
