"""The parent of the child that reads photos: starts it when there is something to read, waits so
long and no longer, ends it when there is nothing more."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from backend.ocr.lines import Line, PhotoText, joined

PROGRAM = (sys.executable, "-m", "backend.ocr.program")
PROJECT = Path(__file__).resolve().parents[2]
# The child runs at a low priority, so beside a busy machine it is slow without being stuck.
START_SECONDS = 180.0
READ_SECONDS = 180.0
END_SECONDS = 5.0
LONGEST_ANSWER = 1 << 20


class NotRead(Exception):
    """The photo was not read: the child answered an error, died, or took too long."""


def is_installed() -> bool:
    """Whether this installation can read photos (the dependency group `ocr`)."""
    return importlib.util.find_spec("rapidocr") is not None


class PhotoReader:
    """One child, one photo at a time. `close` ends it; it is started anew when needed."""

    def __init__(
        self, command: Sequence[str] = PROGRAM, *, read_seconds: float = READ_SECONDS
    ) -> None:
        self._command = command
        self._read_seconds = read_seconds
        self._child: Process | None = None

    async def read(self, photo: Path) -> PhotoText:
        """What is written in a JPEG. Raises NotRead."""
        try:
            child = self._child or await self._start()
            answer = await _ask(child, {"path": str(photo)}, self._read_seconds)
        except (TimeoutError, OSError, ValueError, EOFError) as error:
            await self.close()
            raise NotRead(type(error).__name__) from error
        if "lines" not in answer:
            raise NotRead(str(answer.get("error", "no lines")))
        return joined([Line(str(text), float(score)) for text, score in answer["lines"]])

    async def close(self) -> None:
        """End the child, at once; harmless where there is none."""
        child, self._child = self._child, None
        if child is None or child.returncode is not None:
            return
        child.kill()
        async with asyncio.timeout(END_SECONDS):
            await child.wait()

    async def _start(self) -> Process:
        self._child = child = await asyncio.create_subprocess_exec(
            *self._command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, cwd=PROJECT,
            limit=LONGEST_ANSWER,
        )  # fmt: skip
        await _answer(child, START_SECONDS)
        return child


async def _ask(child: Process, question: dict[str, Any], seconds: float) -> dict[str, Any]:
    if child.stdin is None:
        raise OSError("no pipe")
    child.stdin.write(json.dumps(question).encode() + b"\n")
    async with asyncio.timeout(seconds):
        await child.stdin.drain()
    return await _answer(child, seconds)


async def _answer(child: Process, seconds: float) -> dict[str, Any]:
    if child.stdout is None:
        raise OSError("no pipe")
    async with asyncio.timeout(seconds):
        line = await child.stdout.readline()
    if not line:
        raise EOFError("the child is gone")
    answer = json.loads(line)
    if not isinstance(answer, dict):
        raise ValueError("no object")  # noqa: TRY004 - a wrong answer, not a wrong call
    return answer
