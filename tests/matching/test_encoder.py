import shutil
from pathlib import Path

import numpy as np
import pytest

from matching import HashingEncoder, ModelUnavailable, SentenceTransformerEncoder
from matching.encoder import bundled_folder, has_native_bfloat16, model_hash, unit, verify_weights

CARDS = (
    "Senior backend developer. Skills: Python, Django, PostgreSQL.",
    "Mechanical engineer. Skills: SolidWorks, Finite element analysis. Domains: Automotive.",
    "Support analyst. Skills: ServiceNow, ITIL. Certifications: ITIL Foundation.",
    "Mainframe developer. Skills: COBOL, JCL, Db2.",
    "Data engineer. Skills: Apache Spark, Apache Airflow, Snowflake.",
    "",
    "😀 你好 Привет",
    "long " * 2000,
)


def is_unit(vectors: np.ndarray) -> bool:
    return bool(np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5))


# ---- The twin


def test_the_hashing_encoder_gives_unit_vectors_of_its_dimension():
    vectors = HashingEncoder(48).encode(CARDS)

    assert vectors.shape == (len(CARDS), 48)
    assert vectors.dtype == np.float32
    assert is_unit(vectors)


def test_the_hashing_encoder_is_the_same_on_every_machine():
    [vector] = HashingEncoder(8).encode(["Python developer"])

    assert np.array_equal(vector, HashingEncoder(8).encode(["x", "Python developer"])[1])
    assert (vector * 19**0.5).round(5).tolist() == [-2.0, 0.0, -2.0, -2.0, 2.0, 1.0, -1.0, -1.0]


def test_the_hashing_encoder_finds_like_words_alike():
    python, pythons, welder = HashingEncoder(256).encode(
        ["Python developer", "python developers", "underwater welding"]
    )

    assert python @ pythons > 0.7
    assert python @ welder < 0.4


def test_nothing_to_encode_is_no_vectors():
    assert HashingEncoder(8).encode([]).shape == (0, 8)


def test_a_row_of_zeros_gets_a_direction():
    assert unit(np.zeros((1, 3), dtype=np.float32)).tolist() == [[1.0, 0.0, 0.0]]


def test_model_prompt_and_card_version_decide_the_hash():
    hashes = {model_hash("a", ""), model_hash("b", ""), model_hash("a", "query: "), HashingEncoder(8).model_hash}

    assert len(hashes) == 4
    assert all(len(one) == 16 and int(one, 16) >= 0 for one in hashes)


# ---- A damaged or missing model


def test_the_bundled_weights_are_the_released_ones():
    verify_weights(bundled_folder())


def test_a_missing_model_is_refused(tmp_path):
    with pytest.raises(ModelUnavailable, match=r"cannot be read: model\.safetensors No such file"):
        verify_weights(tmp_path)


@pytest.mark.parametrize("damage", ["cut short", "one bit turned", "empty"])
def test_damaged_weights_are_refused(tmp_path, damage):
    weights = tmp_path / "model.safetensors"
    shutil.copyfile(bundled_folder() / weights.name, weights)
    with weights.open("r+b") as file:
        if damage == "one bit turned":
            file.seek(weights.stat().st_size // 2)
            [byte] = file.read(1)
            file.seek(-1, 1)
            file.write(bytes([byte ^ 1]))
        else:
            file.truncate(weights.stat().st_size - 1 if damage == "cut short" else 0)

    with pytest.raises(ModelUnavailable, match=r"damaged.*reinstall"):
        verify_weights(tmp_path)


@pytest.mark.parametrize("name", ["tokenizer.json", "config.json", "modules.json", "1_Pooling/config.json"])
def test_a_bundled_folder_with_another_file_missing_or_changed_is_refused(tmp_path, name):
    folder = copy_by_link(bundled_folder(), tmp_path)
    (folder / name).unlink()
    with pytest.raises(ModelUnavailable, match=f"{name} No such file"):
        verify_weights(folder)

    (folder / name).write_text("{}")
    with pytest.raises(ModelUnavailable, match=f"damaged: {name}"):
        verify_weights(folder)


@pytest.mark.parametrize("missing", ["config.json", "1_Pooling/config.json", "model.safetensors"])
def test_another_model_that_misses_a_file_is_refused(tmp_path, missing):
    folder = copy_by_link(bundled_folder(), tmp_path)
    (folder / missing).unlink()

    with pytest.raises(ModelUnavailable, match="could not be loaded"):
        SentenceTransformerEncoder(str(folder))


def test_a_model_that_would_take_every_word_for_the_unknown_one_is_refused(tmp_path):
    folder = copy_by_link(bundled_folder(), tmp_path)
    for name in ("tokenizer.json", "vocab.txt"):
        (folder / name).unlink()

    with pytest.raises(ModelUnavailable, match="no words"):
        SentenceTransformerEncoder(str(folder))


def test_a_folder_that_is_not_there_is_refused_without_asking_a_hub(tmp_path):
    with pytest.raises(ModelUnavailable, match="could not be loaded"):
        SentenceTransformerEncoder(str(tmp_path / "nowhere"))


def copy_by_link(source: Path, target: Path) -> Path:
    return Path(shutil.copytree(source, target / "model", copy_function=lambda one, other: Path(other).symlink_to(one)))


# ---- The real model


def test_the_bundled_model_gives_unit_vectors_for_any_text(bundled):
    done: list[int] = []

    vectors = bundled.encode(CARDS, progress=done.append)

    assert vectors.shape == (len(CARDS), bundled.dimension) == (len(CARDS), 384)
    assert is_unit(vectors)
    assert sum(done) == len(CARDS)
    assert bundled.encode([]).shape == (0, 384)


def test_the_bundled_model_answers_the_same_twice_and_names_itself(bundled):
    assert np.array_equal(bundled.encode(CARDS), bundled.encode(CARDS))
    assert bundled.model_id == "all-MiniLM-L6-v2@53aa51172d14"
    assert len(bundled.model_hash) == 16


def test_the_order_and_the_company_of_a_text_hardly_move_its_vector(bundled):
    together = bundled.encode(CARDS)[::-1]

    apart = np.vstack([bundled.encode([card]) for card in CARDS[::-1]])

    assert (together * apart).sum(axis=1).min() >= 0.999


def test_a_like_card_is_nearer_than_an_unlike_one(bundled):
    query, near, far = bundled.encode(["Python web developer. Skills: Flask.", CARDS[0], CARDS[1]])

    assert query @ near > query @ far + 0.2


@pytest.mark.skipif(not has_native_bfloat16(), reason="this CPU does not multiply bfloat16")
def test_bfloat16_says_what_float32_says(bundled):
    exact = SentenceTransformerEncoder(bfloat16=False)

    cosines = (bundled.encode(CARDS) * exact.encode(CARDS)).sum(axis=1)

    assert cosines.min() >= 0.999
    assert exact.model_hash == bundled.model_hash
