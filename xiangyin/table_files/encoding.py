"""In what encoding a text file is written, found out by reading it once."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from pathlib import Path

from xiangyin.table_files.refusal import TableRefused

_CHUNK = 1 << 20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8（带 BOM）"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
# What Excel writes in China where it writes no mark.
_UNMARKED = (("utf-8", "UTF-8"), ("gb18030", "GB18030"))


@dataclass(frozen=True, slots=True)
class Encoding:
    """`codec` is Python's name, `name` what people call it."""

    codec: str
    name: str


def detect(file: Path) -> Encoding:
    """By its mark (BOM), else UTF-8 where every byte is, else GB18030 where every byte is. Raises
    TableRefused, OSError."""
    with file.open("rb") as opened:
        start = opened.read(4)
    for mark, codec, name in _MARKS:
        if start.startswith(mark):
            if _reads(file, codec):
                return Encoding(codec, name)
            raise TableRefused(f"{file.name}：开头说是 {name}，后面却不是，文件可能坏了")
    for codec, name in _UNMARKED:
        if _reads(file, codec):
            return Encoding(codec, name)
    raise TableRefused(
        f"{file.name}：编码认不出来，既不是 UTF-8 也不是 GB18030（GBK）。"
        "请在表格软件里另存为“CSV UTF-8”再试"
    )


def _reads(file: Path, codec: str) -> bool:
    """Whether `codec` reads the whole file."""
    decoder = codecs.getincrementaldecoder(codec)()
    with file.open("rb") as opened:
        try:
            while chunk := opened.read(_CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True
