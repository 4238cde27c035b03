"""A folder of QR codes: a picture per spot, a list of them for Excel, and a sheet to print.

Running again makes only what is missing, so that an account's 100,000 permanent codes are not
used up; what was made before stays in the list.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import jinja2
from PIL import Image, UnidentifiedImageError

from xiangyin.wechat.places import Spot

INDEX = "index.csv"
SHEET = "sheet.html"
COLUMNS = ("类型", "代码", "名称", "场景值", "图片")
TEMPLATES = Path(__file__).parent

Draw = Callable[[str], Awaitable[bytes]]
"""A scene's code as WeChat draws it."""


class NotAPicture(Exception):
    """What came for a code is no picture."""


async def fill(folder: Path, spots: Sequence[Spot], draw: Draw, *, title: str) -> int:
    """Make what is missing, then list and sheet of all that is there; how many were made. Raises
    NotAPicture, OSError, and what `draw` raises: what was made until then stays."""
    known = {one.scene: one for one in [*_listed(folder), *spots]}
    made = 0
    try:
        for spot in spots:
            if not _is_there(folder / spot.file_name):
                _write(folder / spot.file_name, _png(await draw(spot.scene)))
                made += 1
    finally:
        there = [one for one in known.values() if _is_there(folder / one.file_name)]
        there.sort(key=lambda one: (one.kind, one.code))
        _write(folder / INDEX, _index(there))
        _write(folder / SHEET, _sheet(there, title))
    return made


def _listed(folder: Path) -> list[Spot]:
    """What the folder's list holds; [] without one."""
    try:
        text = (folder / INDEX).read_text("utf-8-sig")
    except FileNotFoundError:
        return []
    rows = csv.DictReader(io.StringIO(text))
    if rows.fieldnames is None or list(rows.fieldnames) != list(COLUMNS):
        return []
    return [Spot(row["类型"], row["代码"], row["名称"], row["场景值"]) for row in rows]


def _is_there(path: Path) -> bool:
    try:
        with Image.open(path) as image:
            image.verify()
    except (OSError, UnidentifiedImageError, SyntaxError):
        return False
    return True


def _png(picture: bytes) -> bytes:
    try:
        with Image.open(io.BytesIO(picture)) as image:
            out = io.BytesIO()
            image.convert("L").save(out, "PNG", optimize=True)
    except (OSError, UnidentifiedImageError) as error:
        raise NotAPicture(type(error).__name__) from error
    return out.getvalue()


def _index(spots: Sequence[Spot]) -> bytes:
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(COLUMNS)
    rows.writerows((one.kind, one.code, one.name, one.scene, one.file_name) for one in spots)
    # Excel takes UTF-8 for what it is only with this mark.
    return ("\ufeff" + text.getvalue()).encode("utf-8")


def _sheet(spots: Sequence[Spot], title: str) -> bytes:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined
    )
    page = environment.get_template("sheet.html").render(spots=spots, title=title)
    return page.encode("utf-8")


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.part")
    beside.write_bytes(data)
    os.replace(beside, path)
