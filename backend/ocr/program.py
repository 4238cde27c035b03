"""The child that reads photos: `python -m backend.ocr.program`.

One JSON object a line: `{"path": …}` in, `{"lines": [[text, confidence], …]}` or `{"error": name}`
out. It opens only the copies of photos that media_files.py has drawn, as JPEG, made small first.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Callable
from typing import IO, Any

from PIL import Image

LONGEST_SIDE = 2000
MOST_PIXELS = 60_000_000
MOST_MEMORY = 6 << 30
NICENESS = 10

Lines = list[tuple[str, float]]


def main() -> None:
    """Answer until the input ends."""
    answers = _own_output()
    # Whoever waits for an answer to a message comes first.
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    read = load()
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for question in sys.stdin:
        try:
            answer: dict[str, Any] = {"lines": read(json.loads(question)["path"])}
        except Exception as error:  # noqa: BLE001 - whatever the picture does, the next one is read
            answer = {"error": type(error).__name__}
        print(json.dumps(answer), file=answers, flush=True)


def load() -> Callable[[str], Lines]:
    """A function from the path of a JPEG to its lines, top to bottom. Raises ImportError."""
    import numpy
    from rapidocr import RapidOCR

    engine: Any = RapidOCR(
        params={
            "Global.log_level": "error",
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )

    def read(path: str) -> Lines:
        with Image.open(path, formats=("JPEG",)) as photo:
            if photo.width * photo.height > MOST_PIXELS:
                raise ValueError("too many pixels")
            photo.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            photo.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            # OpenCV's order of colours.
            pixels = numpy.asarray(photo.convert("RGB"))[:, :, ::-1]
        found = engine(numpy.ascontiguousarray(pixels))
        if found.txts is None:
            return []
        return [
            (str(text), float(score)) for text, score in zip(found.txts, found.scores, strict=True)
        ]

    return read


def _own_output() -> IO[str]:
    """The standard output for answers alone: what libraries print goes to the standard error."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return answers


if __name__ == "__main__":
    main()
