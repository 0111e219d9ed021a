"""Cards per second of our encoder against plain float32 sentence-transformers.

    python -m tests.bench.encode [--cards 512] [--rounds 5]

Rounds alternate between the two, so that a busy machine slows both; the ratio is of the medians.
"""

import argparse
import json
import logging
import statistics
from collections.abc import Callable
from time import perf_counter

import numpy as np
from sentence_transformers import SentenceTransformer

from matching import SentenceTransformerEncoder, Taxonomy, render_profile
from matching.encoder import bundled_folder, has_native_bfloat16
from tests.bench.people import profiles


def main() -> None:
    """Measure and print."""
    arguments = parse()
    logging.disable(logging.WARNING)
    taxonomy, people = profiles(arguments.cards)
    cards = cards_of(taxonomy, people)
    ours = SentenceTransformerEncoder()
    peer = SentenceTransformer(str(bundled_folder()), device="cpu")

    def encode_ours() -> np.ndarray:
        return ours.encode(cards)

    def encode_peer() -> np.ndarray:
        return peer.encode(cards, normalize_embeddings=True, show_progress_bar=False)

    encode_ours(), encode_peer()
    times: dict[str, list[float]] = {"ours": [], "peer": []}
    for _ in range(arguments.rounds):
        times["ours"].append(timed(encode_ours))
        times["peer"].append(timed(encode_peer))
    cosines = (encode_ours() * encode_peer()).sum(axis=1)
    ours_s, peer_s = statistics.median(times["ours"]), statistics.median(times["peer"])
    figures = {
        "cards_per_s": round(len(cards) / ours_s, 1),
        "peer_cards_per_s": round(len(cards) / peer_s, 1),
        "ratio": round(peer_s / ours_s, 3),
        "cosine": round(float(cosines.min()), 6),
        "cosine_mean": round(float(cosines.mean()), 6),
        "cards": len(cards),
        "bfloat16": has_native_bfloat16(),
    }
    print(json.dumps(figures))


def parse() -> argparse.Namespace:
    """Read the arguments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cards", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


def cards_of(taxonomy: Taxonomy, people: list) -> list[str]:
    """Cards as the application renders them."""
    return [render_profile(profile, texts, taxonomy) for profile, texts in people]


def timed(work: Callable[[], object]) -> float:
    """Seconds one call takes."""
    start = perf_counter()
    work()
    return perf_counter() - start


if __name__ == "__main__":
    main()
