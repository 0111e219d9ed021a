"""What is sealed opens with its own key, in its own place, unchanged; or not at all."""

import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.columns import CLASSES, Unclassified, classified, require_classes
from app.core.encryption import (
    FILE,
    HouseKey,
    Key,
    Keyring,
    MasterKey,
    MasterKeys,
    SealBroken,
    UnknownMasterKey,
    place,
)
from app.core.errors import CannotStart
from app.core.settings import Settings
from app.tables import metadata

SECRET = bytes(range(32))
HERE = place("engineer", "sealed", 1)


@given(st.binary(max_size=300))
def test_what_is_sealed_opens_again(content):
    key = Key(SECRET)

    assert key.open(HERE, key.seal(HERE, content)) == content
    assert key.open_document(HERE, key.seal_document(HERE, content)) == content
    assert key.seal(HERE, content) != key.seal(HERE, content)


def test_a_flip_of_any_bit_of_any_byte_breaks_the_seal():
    key = Key(SECRET)
    envelope = key.seal(HERE, b"Xanthippe")

    for at in range(len(envelope)):
        for bit in range(8):
            broken = bytearray(envelope)
            broken[at] ^= 1 << bit
            with pytest.raises(SealBroken):
                key.open(HERE, bytes(broken))


def test_a_cut_envelope_opens_nowhere():
    key = Key(SECRET)
    envelope = key.seal(HERE, b"x")

    for length in range(len(envelope)):
        with pytest.raises(SealBroken):
            key.open(HERE, envelope[:length])


@pytest.mark.parametrize(
    "elsewhere", [place("engineer", "sealed", 2), place("engineer", "other", 1), place("engineer_contact", "sealed", 1)]
)
def test_an_envelope_opens_in_its_own_place_alone(elsewhere):
    envelope = Key(SECRET).seal(HERE, b"x")

    with pytest.raises(SealBroken, match=r"sealed|other"):
        Key(SECRET).open(elsewhere, envelope)
    with pytest.raises(SealBroken):
        Key(SECRET[::-1]).open(HERE, envelope)


def test_a_hash_is_of_its_column_and_of_its_key():
    digests = {
        HouseKey(secret).digest(table, column, "ana@example.com")
        for secret in (SECRET, SECRET[::-1])
        for table, column in (("a", "b"), ("a", "c"), ("d", "b"))
    }

    assert len(digests) == 6
    assert HouseKey(SECRET).digest("a", "b", "x") == HouseKey(SECRET).digest("a", "b", "x")


def test_the_master_keys_are_made_once_for_their_owner_alone(tmp_path):
    settings = Settings(state_dir=tmp_path / "state", master_keys=None)

    first, second = MasterKeys.of(settings), MasterKeys.of(settings)

    path = tmp_path / "state" / FILE
    assert first.current == second.current
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == [FILE]
    assert repr(first.current.secret) not in repr(first.current)


@pytest.mark.parametrize("content", ["", "short", "a:12", f"a:{'0' * 64}\na:{'1' * 64}", f"a:{'0' * 64}\n\n\nx"])
def test_a_damaged_file_is_not_replaced(tmp_path, content):
    (tmp_path / FILE).write_text(content)

    with pytest.raises(CannotStart, match="damaged"):
        MasterKeys.of(Settings(state_dir=tmp_path, master_keys=None))
    assert (tmp_path / FILE).read_text() == content


@pytest.mark.parametrize("text", ["x", "a:12", f"a:{'0' * 64},a:{'1' * 64}", f"a:{'0' * 64},", f"a b:{'0' * 64}"])
def test_master_keys_that_make_no_sense_are_refused(text):
    with pytest.raises(ValueError, match="id:hex64") as refusal:
        Settings(master_keys=text)
    assert "0" * 64 not in str(refusal.value)


def test_a_process_sees_keys_that_another_has_made(tmp_path):
    settings = Settings(state_dir=tmp_path, master_keys=None)
    ours, theirs = MasterKeys.of(settings), MasterKeys.of(settings)
    before = ours.current

    theirs.write([MasterKey.new(), before])

    assert ours.get(theirs.current.id) == ours.current == theirs.current != before
    assert ours.get(before.id) == before
    with pytest.raises(UnknownMasterKey):
        ours.get("m000000000000")


def test_a_wrapped_key_is_its_person_s(tmp_path):
    keyring = Keyring(MasterKeys.of(Settings(state_dir=tmp_path, master_keys=None)))
    secret, wrapped = keyring.new_key(place("person_key", "wrapped", 1))

    assert keyring.secret_of(place("person_key", "wrapped", 1), wrapped) == secret
    assert secret not in wrapped.wrapped
    with pytest.raises(SealBroken):
        keyring.unwrap(place("person_key", "wrapped", 2), wrapped)


def test_a_column_without_a_class_and_a_class_without_a_column_are_refused():
    classes = classified(public="a b", personal="c")[CLASSES]

    require_classes("t", ["a", "b", "c"], classes)
    for names in (["a", "b"], ["a", "b", "c", "d"], []):
        with pytest.raises(Unclassified):
            require_classes("t", names, classes)
    with pytest.raises(Unclassified, match="twice"):
        classified(public="a", personal="a")


def test_every_column_of_every_table_has_a_class():
    assert all(table.info[CLASSES].keys() == set(table.columns.keys()) for table in metadata.tables.values())
