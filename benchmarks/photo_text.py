"""What is read of writing in photos: how many of the characters, how surely, and in what time.

The pictures are drawn (photo_pictures.py), each notice in every look; what is read is the child's
own work, as in service. Needs the part `ocr` of the installer and a Chinese font.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

from backend.ocr.lines import PhotoText
from backend.ocr.reader import PhotoReader, is_installed
from benchmarks import report
from benchmarks.photo_pictures import LOOKS, NOTICES, chinese_font, drawn, recall

LEAST_RECALL = 0.9
MOST_SECONDS = 10.0  # in the background, nobody waits for it


async def measure(folder: Path) -> list[dict[str, report.Cell]]:
    """A row for each look, and the empty wall."""
    reader = PhotoReader()
    rows: list[dict[str, report.Cell]] = []
    try:
        await reader.read(_written(folder, drawn((), LOOKS[0])))  # the models are loaded once
        for look in LOOKS:
            found = [
                (lines, *await _timed(reader, folder, drawn(lines, look))) for lines in NOTICES
            ]
            sure = [text.confidence for _, text, _ in found if text.confidence is not None]
            rows.append(
                {
                    "picture": look.name,
                    "recall": statistics.mean(
                        recall("".join(lines), text.text) for lines, text, _ in found
                    ),
                    "confidence": statistics.mean(sure) if sure else None,
                    "seconds": statistics.median(seconds for *_, seconds in found),
                }
            )
        text, seconds = await _timed(reader, folder, drawn((), LOOKS[0]))
        rows.append({"picture": "no writing", "recall": float(text.text == ""), "seconds": seconds})
    finally:
        await reader.close()
    return rows


async def _timed(reader: PhotoReader, folder: Path, photo: bytes) -> tuple[PhotoText, float]:
    file = _written(folder, photo)
    began = time.perf_counter()
    return await reader.read(file), time.perf_counter() - began


def _written(folder: Path, photo: bytes) -> Path:
    file = folder / "photo"
    file.write_bytes(photo)
    return file


def main() -> int:
    if not is_installed() or chinese_font(12) is None:
        print("needs `python3 deploy/install ocr` and fonts-noto-cjk", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        rows = asyncio.run(measure(Path(folder)))
    legible = [float(row["recall"] or 0) for row in rows]
    slowest = max(float(row["seconds"] or 0) for row in rows)
    targets = [
        report.Target(
            "recall of characters, mean", statistics.mean(legible), at_least=LEAST_RECALL
        ),
        report.Target("seconds a photo, slowest look", slowest, at_most=MOST_SECONDS),
    ]
    return report.finish("photo_text", rows, targets, settings={"notices": len(NOTICES)})


if __name__ == "__main__":
    sys.exit(main())
