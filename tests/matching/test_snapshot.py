import json
import os
import random

import numpy as np
import pytest

from matching import Change, Pool, SnapshotRefused, snapshot
from matching.errors import PoolBusy
from tests.matching.builders import (
    DIMENSION,
    MODEL,
    Chance,
    Vectors,
    a_pool,
    a_profile,
    a_ranking,
    changes_of,
    skills,
    uid,
)

VECTORS = Vectors(4, exact=False)


def loaded(folder) -> Pool:
    return snapshot.load(folder, model_hash=MODEL, dimension=DIMENSION)[0]


def alike(pool: Pool, other: Pool) -> bool:
    briefs = [Chance(seed).brief() for seed in range(6)]
    return all(a_ranking(pool, brief, 500, VECTORS) == a_ranking(other, brief, 500, VECTORS) for brief in briefs)


def sizes(folder) -> dict[str, float]:
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir() if path.suffix == ".pool"}


@pytest.mark.parametrize("count", [0, 1, 40, 200])
def test_what_was_published_is_what_is_loaded(tmp_path, count):
    pool = a_pool(Chance(1).profiles(count), VECTORS, segment_rows=32)

    published = snapshot.publish(pool, tmp_path, watermark=77)
    again, watermark = snapshot.load(tmp_path, model_hash=MODEL, dimension=DIMENSION)

    assert (watermark, published.count, len(again)) == (77, count, count)
    assert again.ids() == pool.ids()
    assert alike(pool, again)
    assert snapshot.verify(tmp_path) == published


def test_a_loaded_pool_follows_changes_like_the_one_that_was_stored(tmp_path):
    profiles = Chance(1).profiles(200)
    pool = a_pool(profiles, VECTORS, segment_rows=32)
    snapshot.publish(pool, tmp_path, 1)
    again, pick = loaded(tmp_path), random.Random(3)  # noqa: S311 - examples, not secrets

    for version in range(1, 12):
        churned = pick.sample(profiles, 30)
        changes = [*changes_of(churned[:15], VECTORS, version), *(Change(one.id, version) for one in churned[15:])]
        for one in (pool, again):
            one.apply(changes, model_hash=MODEL)

    assert again.ids() == pool.ids()
    assert alike(pool, again)
    snapshot.publish(again, tmp_path, 2)
    assert alike(pool, loaded(tmp_path))


def test_only_what_changed_is_written_again_and_what_is_not_named_goes(tmp_path):
    profiles = Chance(1).profiles(200)
    pool = a_pool(profiles, VECTORS, segment_rows=32)
    snapshot.publish(pool, tmp_path, 1)
    before, words = sizes(tmp_path), rewritten(tmp_path)

    pool.apply([Change(pool.segments[2].columns.identifier(5), 1)], model_hash=MODEL)
    snapshot.publish(pool, tmp_path, 2)

    after = sizes(tmp_path)
    assert len(before.keys() - after.keys() - words) == 1
    assert len(after.keys() - before.keys() - rewritten(tmp_path)) == 1
    assert all(after[name] == before[name] for name in after.keys() & before.keys() if name not in rewritten(tmp_path))
    assert after.keys() == set(snapshot.verify(tmp_path).files)


def rewritten(folder) -> set[str]:
    """Files that are written with every publication: words, and the rows of the tail."""
    body = json.loads(json.loads((folder / snapshot.MANIFEST).read_bytes())["body"])
    return {body["words"]["file"], *([body["rest"]["file"]] if body["rest"] else [])}


def test_publishing_what_was_loaded_writes_nothing_but_the_manifest(tmp_path):
    snapshot.publish(a_pool(Chance(1).profiles(64), VECTORS, segment_rows=32), tmp_path, 1)
    before = sizes(tmp_path).keys()

    snapshot.publish(loaded(tmp_path), tmp_path, 2)

    assert sizes(tmp_path).keys() == before
    assert snapshot.verify(tmp_path).watermark == 2


@pytest.mark.parametrize("segment_rows", [1000, 8])
def test_who_went_is_in_no_file_any_more(tmp_path, segment_rows):
    odd = {"title": "Zorblaxian Clockmaker", "past_titles": ("Quixotic Blacksmith",), "skills": skills(zyxwcobol=3)}
    person, others = a_profile(2**127 + 12345, **odd), Chance(1).profiles(24)
    pool = a_pool([person, *others], VECTORS, segment_rows=segment_rows)
    snapshot.publish(pool, tmp_path, 1)
    traces = [b"Zorblaxian", b"Quixotic", b"zyxwcobol", (12345).to_bytes(8, "little"), VECTORS[odd["title"]].tobytes()]
    held = [any(trace in path.read_bytes() for path in tmp_path.iterdir()) for trace in traces]

    pool.apply([Change(person.id, 1)], model_hash=MODEL)
    snapshot.publish(pool, tmp_path, 2)

    assert all(held)
    assert not any(trace in path.read_bytes() for path in tmp_path.iterdir() for trace in traces)
    assert alike(loaded(tmp_path), a_pool(others, VECTORS))


def test_a_loaded_pool_lets_go_of_the_files_it_forgets_somebody_of(tmp_path):
    snapshot.publish(a_pool(Chance(1).profiles(64), VECTORS, segment_rows=32), tmp_path, 1)
    pool = loaded(tmp_path)
    somebody = pool.segments[0].columns.identifier(3)

    pool.apply([Change(somebody, 1)], model_hash=MODEL)

    assert all(column.flags.writeable for column in pool.segments[0].columns.fixed.values())
    assert not pool.segments[1].columns.fixed["id_high"].flags.writeable
    assert somebody not in pool


def test_nobody_else_may_read_the_files(tmp_path):
    snapshot.publish(a_pool(Chance(1).profiles(40), VECTORS, segment_rows=32), tmp_path / "pool", 1)

    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "pool").iterdir()} == {0o600}
    assert (tmp_path / "pool").stat().st_mode & 0o777 == 0o700


def test_another_model_or_length_is_refused(tmp_path):
    snapshot.publish(a_pool([a_profile(1)], VECTORS), tmp_path, 1)

    with pytest.raises(SnapshotRefused, match="another-model"):
        snapshot.load(tmp_path, model_hash="another-model", dimension=DIMENSION)
    with pytest.raises(SnapshotRefused):
        snapshot.load(tmp_path, model_hash=MODEL, dimension=384)


def test_nothing_there_is_refused(tmp_path):
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(SnapshotRefused, match="no snapshot"):
            snapshot.load(folder, model_hash=MODEL, dimension=DIMENSION)


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"sha256": 3, "body": 7}', '{"body": "{}"}', "\x00" * 40])
def test_a_manifest_that_says_nothing_is_refused(tmp_path, content):
    (tmp_path / snapshot.MANIFEST).write_text(content)

    with pytest.raises(SnapshotRefused):
        snapshot.load(tmp_path, model_hash=MODEL, dimension=DIMENSION)


def test_what_an_unfinished_publication_left_does_not_matter_and_goes(tmp_path):
    pool = a_pool(Chance(1).profiles(40), VECTORS, segment_rows=32)
    snapshot.publish(pool, tmp_path, 1)
    (tmp_path / "123.part").write_bytes(b"half")
    (tmp_path / f"{'0' * 32}.pool").write_bytes(b"never named")

    assert alike(loaded(tmp_path), pool)
    snapshot.publish(pool, tmp_path, 2)

    assert {path.name for path in tmp_path.iterdir()} == {snapshot.MANIFEST, *snapshot.verify(tmp_path).files}


def test_a_disk_that_refuses_leaves_what_was_published(tmp_path, monkeypatch):
    pool = a_pool(Chance(1).profiles(40), VECTORS, segment_rows=32)
    snapshot.publish(pool, tmp_path, 1)
    pool.apply([Change(uid(1), 1), *changes_of(Chance(2).profiles(60)[40:], VECTORS)], model_hash=MODEL)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        snapshot.publish(pool, tmp_path, 2)
    monkeypatch.undo()

    assert snapshot.verify(tmp_path).watermark == 1
    snapshot.publish(pool, tmp_path, 3)
    assert alike(loaded(tmp_path), pool)


def test_nothing_is_published_while_somebody_looks_at_what_went(tmp_path):
    profiles = Chance(1).profiles(4)
    pool = a_pool(profiles, VECTORS)
    view = pool.view()
    pool.apply([Change(profiles[0].id, 1)], model_hash=MODEL)

    with pytest.raises(PoolBusy):
        snapshot.publish(pool, tmp_path, 1)
    del view

    assert snapshot.publish(pool, tmp_path, 1).count == 3


def test_a_withdrawn_snapshot_is_gone(tmp_path):
    snapshot.publish(a_pool([a_profile(1)], VECTORS), tmp_path, 1)

    snapshot.withdraw(tmp_path)
    snapshot.withdraw(tmp_path / "nowhere")

    assert list(tmp_path.iterdir()) == []


def test_reading_finds_rows_where_they_were(tmp_path):
    profiles = Chance(7).profiles(300)
    pool = a_pool(profiles, VECTORS, segment_rows=64)
    snapshot.publish(pool, tmp_path, 1)

    again = loaded(tmp_path)

    assert again.versions_of([one.id for one in profiles]) == [0] * 300
    assert np.array_equal(
        np.sort(np.concatenate([segment.columns.fixed["rate"] for segment in again.segments])),
        np.sort(np.concatenate([segment.columns.fixed["rate"] for segment in pool.segments])),
    )
