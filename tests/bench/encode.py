"""Texts of profiles per second of our encoder against plain float32 sentence-transformers.

    python -m tests.bench.encode [--texts 2048] [--rounds 5]

Rounds alternate between the two, so that a busy machine slows both; the ratio is of the medians.
"""

import argparse
import json
import logging
import statistics
from collections.abc import Callable
from time import perf_counter
from typing import Final

import numpy as np
from sentence_transformers import SentenceTransformer

from matching import Interpreter, Knowledge, SentenceTransformerEncoder
from matching.encoder import bundled_folder, has_native_bfloat16
from tests.bench.people import profiles

PEOPLE: Final = 2000


def main() -> None:
    """Measure and print."""
    arguments = parse()
    logging.disable(logging.WARNING)
    ours = SentenceTransformerEncoder()
    texts = texts_of(ours, arguments.texts)
    peer = SentenceTransformer(str(bundled_folder()), device="cpu")

    def encode_ours() -> np.ndarray:
        return ours.encode(texts)

    def encode_peer() -> np.ndarray:
        return peer.encode(texts, normalize_embeddings=True, show_progress_bar=False)

    encode_ours(), encode_peer()
    times: dict[str, list[float]] = {"ours": [], "peer": []}
    for _ in range(arguments.rounds):
        times["ours"].append(timed(encode_ours))
        times["peer"].append(timed(encode_peer))
    cosines = (encode_ours() * encode_peer()).sum(axis=1)
    ours_s, peer_s = statistics.median(times["ours"]), statistics.median(times["peer"])
    figures = {
        "texts_per_s": round(len(texts) / ours_s, 1),
        "peer_texts_per_s": round(len(texts) / peer_s, 1),
        "ratio": round(peer_s / ours_s, 3),
        "cosine": round(float(cosines.min()), 6),
        "cosine_mean": round(float(cosines.mean()), 6),
        "texts": len(texts),
        "bfloat16": has_native_bfloat16(),
    }
    print(json.dumps(figures))


def parse() -> argparse.Namespace:
    """Read the arguments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=2048)
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


def texts_of(encoder: SentenceTransformerEncoder, count: int) -> list[str]:
    """Distinct texts that the application would have encoded of some profiles: titles, and skills it does not know."""
    taxonomy, people = profiles(PEOPLE)
    interpreter = Interpreter(Knowledge([], encoder), taxonomy)
    glosses = dict.fromkeys(gloss for one in people for gloss in interpreter.profile_glosses(one).values())
    return list(glosses)[:count]


def timed(work: Callable[[], object]) -> float:
    """Seconds one call takes."""
    start = perf_counter()
    work()
    return perf_counter() - start


if __name__ == "__main__":
    main()
