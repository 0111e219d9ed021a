"""Knowledge follows the thesaurus while the process serves: the old serves until the new is whole."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from app.core.actor import Actor
from app.matchmaking.knowledge import KnowledgeSource
from app.taxonomy import queries, reference, service, thesaurus
from app.taxonomy.models import Concept
from app.taxonomy.words import Entry
from matching import HashingEncoder

BAKER = Entry("occupation/a", {"en": ("artisan baker",), "es": ("panadero artesano",)}, "somebody")
WELDER = Entry("occupation/b", {"en": ("underwater welder",)}, "somebody")


class Gate(HashingEncoder):
    """Encodes when it is let, and counts what it was given."""

    def __init__(self):
        super().__init__(16)
        self.open = threading.Event()
        self.open.set()
        self.texts = 0
        self.broken = False
        self.threads = set()

    def encode(self, texts, *, progress=None):
        assert self.open.wait(30)
        if self.broken:
            raise RuntimeError("the model fell over")
        self.texts += len(texts)
        self.threads.add(threading.get_ident())
        return super().encode(texts, progress=progress)


@pytest.fixture
def encoder():
    return Gate()


@pytest.fixture(scope="module")
def few():
    """Two skills and a title, without edges."""
    kept = [concept for concept in reference.read_concepts() if concept.id in ("kubernetes", "go", "backend-developer")]
    return [concept.model_dump() | {"implies": [], "related": {}} for concept in kept]


@pytest.fixture
async def small(session, few, monkeypatch):
    """A taxonomy of few words, so that learning takes a moment."""
    monkeypatch.setattr(reference, "present", lambda: reference.taxonomy_of([Concept(**concept) for concept in few]))
    monkeypatch.setattr(reference, "present_hash", lambda: "small")
    await queries.replace_reference(session, [Concept(**concept) for concept in few], [])
    await service._save_revision(session)


@pytest.fixture
def make(encoder, tmp_path):
    made = []

    def one(folder=tmp_path / "knowledge", **options):
        made.append(KnowledgeSource(encoder, folder, **options))
        return made[-1]

    yield one
    encoder.open.set()
    for source in made:
        source.close()


async def bring(session, *entries, release="1"):
    given = thesaurus.Import("esco", "somebody", "", release, entries)
    await thesaurus.replace(session, Actor.system(), given)


def names_of(knowledge):
    return {name for entry in knowledge.concepts for written in entry.names.values() for name in written}


async def test_the_first_knowledge_is_waited_for_and_kept_on_disk(session, small, make, encoder, tmp_path):
    heard = []
    source = make()
    assert source.current is None

    knowledge = await source.ready(session, progress=heard.append)

    assert source.current is knowledge
    assert "Kubernetes" in names_of(knowledge)
    assert sum(heard) == encoder.texts > 0
    assert [file.stem for file in (tmp_path / "knowledge").iterdir()] == [knowledge.revision]


async def test_another_process_reads_it_and_encodes_nothing(session, small, make, encoder):
    first = await make().ready(session)
    encoder.texts = 0

    second = await make().ready(session)

    assert encoder.texts == 0
    assert second.revision == first.revision
    assert second.read(["Kubernetes"]).vectors.tobytes() == first.read(["Kubernetes"]).vectors.tobytes()


async def test_an_import_is_noticed_and_the_old_serves_until_the_new_is_whole(session, small, make, encoder):
    source = make()
    old = await source.ready(session)
    await bring(session, BAKER)
    encoder.open.clear()

    assert [await source.refresh(session) for _ in range(3)] == [old] * 3
    encoder.open.set()
    new = await source.ready(session)

    assert source.current is new is await source.refresh(session)
    assert "panadero artesano" in names_of(new) - names_of(old)
    assert new.revision != old.revision


async def test_a_word_a_curator_mapped_is_that_skill_and_teaches_nothing(session, small, make):
    source = make()
    before = await source.ready(session)
    skill = await session.get(Concept, ("skill", "kubernetes"))
    service._add_name(skill, "kubernetez")
    await session.flush()
    await service._save_revision(session)

    await source.refresh(session)

    assert await source.ready(session) is before


async def test_of_several_changes_while_it_learns_the_last_counts(session, small, make, encoder):
    source = make()
    await source.ready(session)
    encoder.open.clear()
    for release, entry in enumerate([BAKER, WELDER, BAKER, WELDER]):
        await bring(session, entry, release=str(release))
        await source.refresh(session)
    encoder.open.set()

    found = names_of(await source.ready(session))

    assert "underwater welder" in found
    assert "artisan baker" not in found


async def test_what_was_removed_is_forgotten_and_its_file_serves_again_when_it_comes_back(
    session, small, make, encoder
):
    source = make()
    without = await source.ready(session)
    await bring(session, BAKER)
    await source.ready(session)
    await thesaurus.remove(session, Actor.system(), "esco")
    encoder.texts = 0

    assert (await source.ready(session)).revision == without.revision
    await bring(session, BAKER)
    assert "artisan baker" in names_of(await source.ready(session))
    assert encoder.texts == 0


async def test_who_cannot_learn_serves_what_was_known_and_says_so(session, small, make, encoder):
    source = make()
    old = await source.ready(session)
    await bring(session, BAKER)
    encoder.broken = True

    with pytest.raises(RuntimeError, match="fell over"):
        await source.ready(session)
    assert source.current is old is await source.refresh(session)
    assert str(source.failure) == "the model fell over"

    encoder.broken = False
    assert "artisan baker" in names_of(await source.ready(session))
    assert source.failure is None


async def test_a_damaged_file_is_learned_anew(session, small, make, tmp_path):
    first = await make().ready(session)
    (file,) = (tmp_path / "knowledge").iterdir()
    file.write_bytes(file.read_bytes()[:-1])

    second = await make().ready(session)

    assert second.revision == first.revision
    assert (await make().ready(session)).revision == first.revision


async def test_where_nothing_can_be_written_it_is_learned_all_the_same(session, small, make, tmp_path):
    (tmp_path / "taken").write_text("")

    assert "Kubernetes" in names_of(await make(tmp_path / "taken").ready(session))


async def test_requests_come_between_the_names_that_are_encoded(session, small, make, encoder):
    names = tuple(f"name {number}" for number in range(2_000))
    await bring(session, Entry("occupation/many", {"en": names}))
    with ThreadPoolExecutor(1) as thread:
        order = []
        first = threading.Event()

        def learned(done):
            order.append(done)
            first.set()

        learning = asyncio.create_task(make(encoding=thread).ready(session, progress=learned))
        await asyncio.to_thread(first.wait, 30)
        request = thread.submit(lambda: order.append("request"))
        await asyncio.wrap_future(request)
        knowledge = await learning
        read = await asyncio.wrap_future(thread.submit(knowledge.read, ["name 7"]))

    assert order.index("request") < len(order) - 2
    assert len(encoder.threads) == 1
    assert np.linalg.norm(read.vectors) == pytest.approx(1, abs=1e-5)
