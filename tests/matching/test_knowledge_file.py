import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from matching import HashingEncoder, Knowledge, KnowledgeRefused, learn_or_load
from matching.evidence import Background, Documents, ask
from matching.fusion import closeness, search
from matching.knowledge import FITTED_NAMES, revision_of
from matching.knowledge_file import FORMAT, file_of, load, remove_others, save
from matching.thesaurus import Entry
from tests.matching.test_knowledge import ENTRIES

STRANGE = [
    *ENTRIES,
    Entry("o/ñ", {"en": ("naïve 😀 coder", "line\none", "\ud800 half a pair"), "es": ("ñandú",), "pt": ("ação\x00",)}),
    Entry("o/5", {"es": ("uno", "dos", "tres", "cuatro"), "en": ("one", "two", "three", "four", "five")}),
    Entry("o/文", {"en": ("日本語",)}),
]
TEXTS = ["Panadera", "civil engineers", "engenheira de redes", "", "😀", "日本語", "nurse in São Paulo", "x" * 3000]


@pytest.fixture(scope="module")
def encoder() -> HashingEncoder:
    return HashingEncoder()


@pytest.fixture(scope="module")
def learned(encoder: HashingEncoder) -> Knowledge:
    return Knowledge(STRANGE, encoder)


@pytest.fixture
def file(learned: Knowledge, tmp_path: Path) -> Path:
    save(learned, tmp_path / "a.knowledge")
    return tmp_path / "a.knowledge"


def everything(knowledge: Knowledge) -> list[bytes]:
    """Whatever a knowledge computes, bit for bit."""
    reading, requests = knowledge.read(TEXTS), knowledge.read_requests(["Baker\nwith ovens", *TEXTS])
    said = [repr((one.languages, one.bags, one.pivots)).encode() for one in (reading, requests)]
    arrays = [
        reading.vectors,
        requests.vectors,
        knowledge.link(requests),
        knowledge.profiles(reading.vectors).toarray(),
        knowledge.membership(reading).toarray(),
        search(Documents(reading, knowledge), requests),
        closeness(Documents(reading, knowledge, Background(knowledge)), ask(requests, knowledge)),
    ]
    return [*said, *(array.tobytes() for array in arrays), knowledge.revision.encode()]


def test_what_is_read_back_computes_the_same_bits(learned, encoder, file):
    again = load(file, STRANGE, encoder)

    assert everything(again) == everything(learned)
    assert again.concepts == learned.concepts


@pytest.mark.parametrize("adapted", [True, False])
@pytest.mark.parametrize("glossed", [True, False])
@pytest.mark.parametrize("entries", [ENTRIES, STRANGE, [], ENTRIES[-1:]])
def test_every_manner_of_learning_is_kept(tmp_path, encoder, entries, adapted, glossed):
    learned = Knowledge(entries, encoder, adapted=adapted, glossed=glossed)
    save(learned, tmp_path / "a.knowledge")

    again = load(tmp_path / "a.knowledge", entries, encoder, adapted=adapted, glossed=glossed)

    assert everything(again) == everything(learned)


def test_what_was_read_back_is_written_again_as_it_was(learned, encoder, file):
    save(load(file, STRANGE, encoder), file.with_name("b.knowledge"))

    assert file.with_name("b.knowledge").read_bytes() == file.read_bytes()


def test_the_revision_is_of_what_went_in():
    assert revision_of(ENTRIES, "m") == revision_of(list(ENTRIES), "m") == "1e5de18670d0cd27"


@pytest.mark.parametrize(
    ("entries", "model", "options"),
    [
        (ENTRIES, "another", {}),
        (ENTRIES, "m", {"adapted": False}),
        (ENTRIES, "m", {"glossed": False}),
        (ENTRIES[:-1], "m", {}),
        (ENTRIES[::-1], "m", {}),
        ([replace(ENTRIES[0], source="another"), *ENTRIES[1:]], "m", {}),
        ([replace(ENTRIES[0], names={"en": ("baker",)}), *ENTRIES[1:]], "m", {}),
        ([replace(ENTRIES[0], names={"en": ("bread maker", "baker")}), *ENTRIES[1:]], "m", {}),
    ],
)
def test_whatever_may_change_a_result_changes_the_revision(entries, model, options):
    assert revision_of(entries, model, **options) != revision_of(ENTRIES, "m")


def test_names_do_not_run_into_each_other_in_the_revision():
    apart = [Entry("a", {"en": ("b", "c")})]

    assert revision_of(apart, "m") != revision_of([Entry("a", {"en": ("b",)}), Entry("c", {})], "m")


@pytest.mark.parametrize("kept", [0, 1, 63, 64, 65, 500, -1, -64, -1000])
def test_a_file_cut_short_is_refused(encoder, file, kept):
    file.write_bytes(file.read_bytes()[:kept])

    with pytest.raises(KnowledgeRefused, match=file.name):
        load(file, STRANGE, encoder)


def test_a_file_that_goes_on_is_refused(encoder, file):
    file.write_bytes(file.read_bytes() + b"\0")

    with pytest.raises(KnowledgeRefused, match="bytes instead of"):
        load(file, STRANGE, encoder)


def test_one_bit_turned_anywhere_is_refused(encoder, file):
    whole = file.read_bytes()
    dice = np.random.default_rng(7)

    for at in [*range(64), *dice.integers(0, len(whole), 300)]:
        damaged = bytearray(whole)
        damaged[at] ^= 1 << int(dice.integers(8))
        file.write_bytes(damaged)
        with pytest.raises(KnowledgeRefused):
            load(file, STRANGE, encoder)


def test_what_was_learned_from_something_else_is_refused(encoder, file):
    with pytest.raises(KnowledgeRefused, match="another thesaurus, model or release"):
        load(file, STRANGE, HashingEncoder(32))
    with pytest.raises(KnowledgeRefused, match="another thesaurus, model or release"):
        load(file, ENTRIES, encoder)
    with pytest.raises(KnowledgeRefused, match="another thesaurus, model or release"):
        load(file, STRANGE, encoder, glossed=False)


def test_a_file_of_another_kind_or_format_is_refused_by_name(encoder, file):
    whole = file.read_bytes()

    file.write_bytes(b"x" * len(whole))
    with pytest.raises(KnowledgeRefused, match="no file of knowledge"):
        load(file, STRANGE, encoder)
    file.write_bytes(whole[:48] + b"\x09" + whole[49:])
    with pytest.raises(KnowledgeRefused, match="format 9"):
        load(file, STRANGE, encoder)
    with pytest.raises(KnowledgeRefused, match="cannot be read"):
        load(file.parent / "none.knowledge", STRANGE, encoder)
    with pytest.raises(KnowledgeRefused, match="cannot be read"):
        load(file.parent, STRANGE, encoder)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"<f4"', b'"|O8"'),
        (b'"centroids"', b'"centroidz"'),
        (b'"arrays"', b'"arrayz"'),
        (b'"identifier.known"', b'"identifier.knowm"'),
        (b'{"revision"', b'["revision"'),
    ],
)
def test_a_table_of_contents_that_says_something_else_is_refused_even_when_signed(encoder, file, old, new):
    changed = file.read_bytes()[48:].replace(old, new, 1)
    file.write_bytes(FORMAT + hashlib.sha256(changed).digest() + changed)

    with pytest.raises(KnowledgeRefused, match="does not hold what it says"):
        load(file, STRANGE, encoder)


class Counting(HashingEncoder):
    """Counts the texts it was given."""

    texts = 0

    def encode(self, texts, *, progress=None):
        self.texts += len(texts)
        return super().encode(texts, progress=progress)


def test_learning_happens_once_and_says_how_far_it_is(tmp_path):
    encoder, heard = Counting(), []

    first = learn_or_load(tmp_path, STRANGE, encoder, progress=heard.append)
    second = learn_or_load(tmp_path, STRANGE, encoder, progress=heard.append)

    names = {
        name
        for entry in first.concepts
        for language, written in entry.names.items()
        for name in (written if language == "en" else written[:FITTED_NAMES])
    }
    assert (
        encoder.texts == sum(heard) <= len(names) + len(set(first.glosses(first.sample.texts, first.sample.languages)))
    )
    assert everything(second) == everything(first)
    assert [file.name for file in tmp_path.iterdir()] == [f"{first.revision}.knowledge"]


def test_a_damaged_file_is_learned_and_written_anew(tmp_path, encoder):
    learned = learn_or_load(tmp_path, STRANGE, encoder)
    file = file_of(tmp_path, learned.revision)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])

    assert everything(learn_or_load(tmp_path, STRANGE, encoder)) == everything(learned)
    assert file.read_bytes() == whole


def test_where_nothing_can_be_written_what_was_learned_serves(tmp_path, learned, encoder):
    (tmp_path / "taken").write_text("a file where the folder should be")

    assert everything(learn_or_load(tmp_path / "taken", STRANGE, encoder)) == everything(learned)


def test_who_fails_while_writing_leaves_the_file_before(learned, encoder, file, monkeypatch):
    before = file.read_bytes()
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError("no space left on device")))

    with pytest.raises(OSError, match="no space"):
        save(Knowledge(ENTRIES, encoder), file)

    assert file.read_bytes() == before
    assert list(file.parent.iterdir()) == [file]


def test_several_at_once_write_one_good_file(learned, encoder, tmp_path):
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: learn_or_load(tmp_path, STRANGE, encoder), range(8)))

    assert all(everything(one) == everything(learned) for one in found)
    assert len(list(tmp_path.iterdir())) == 1


def test_other_revisions_are_removed_and_who_reads_one_goes_on(learned, encoder, file, tmp_path):
    reading = load(file, STRANGE, encoder)
    for number, name in enumerate(["b.knowledge", "c.knowledge", "d.knowledge", ".e.1.part", "notes.txt"]):
        (tmp_path / name).write_text(name)
        os.utime(tmp_path / name, ns=(number, number))
    os.utime(file, ns=(0, 0))

    remove_others(tmp_path, ["b"], spare=1)

    assert sorted(left.name for left in tmp_path.iterdir()) == ["b.knowledge", "d.knowledge", "notes.txt"]
    assert everything(reading) == everything(learned)


def test_another_process_reads_the_same_bits(learned, file):
    program = (
        "import hashlib, pathlib, sys\n"
        "from matching import HashingEncoder\n"
        "from matching.knowledge_file import load\n"
        "from tests.matching.test_knowledge_file import STRANGE, everything\n"
        "found = load(pathlib.Path(sys.argv[1]), STRANGE, HashingEncoder())\n"
        "print(hashlib.sha256(b''.join(everything(found))).hexdigest())\n"
    )
    environment = os.environ | {"PYTHONHASHSEED": "3", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

    ran = subprocess.run(
        [sys.executable, "-c", program, file], check=False, capture_output=True, text=True, env=environment
    )

    assert ran.stdout.strip() == hashlib.sha256(b"".join(everything(learned))).hexdigest(), ran.stderr
