"""Pictures with writing in them, drawn: what citizens photograph, and the words in it."""

from __future__ import annotations

import io
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter, ImageFont

# Debian's fonts-noto-cjk; the third face of the collection is Simplified Chinese.
CHINESE_FONTS = (
    (Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"), 2),
    (Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"), 0),
)


@dataclass(frozen=True)
class Look:
    """How a picture is taken: `size` of the letters in pixels, degrees it is turned by, blur in
    pixels, and the colours of ground and writing."""

    name: str
    size: int = 44
    turned: float = 0.0
    blur: float = 0.0
    ground: str = "white"
    ink: str = "black"
    quality: int = 88


LOOKS = (
    Look("print"),
    Look("small print", size=22),
    Look("a red banner", size=60, ground="#c8102e", ink="#ffe9a8"),
    Look("turned by 8°", turned=8),
    Look("out of focus", blur=2.0),
    Look("dark", ground="#3a3a38", ink="#8f8f88"),
    Look("badly compressed", quality=12),
)
NOTICES: Sequence[Sequence[str]] = (
    ("停水通知", "因管网检修，11月20日8时至18时", "锦绣小区停水，请提前储水。", "青禾县自来水公司"),
    ("公示", "柳河镇低保对象名单", "监督电话：0999-6223456", "2026年10月"),
    ("收费收据", "项目：小区停车费", "金额：叁佰元整（300.00元）", "收款人：李四"),
    (
        "施工告示牌",
        "工程名称：滨河路雨污分流改造",
        "工期：2026年9月至12月",
        "联系人：王工 13800001234",
    ),
)


def chinese_font(size: int) -> ImageFont.FreeTypeFont | None:
    """An installed font with Chinese letters, None where there is none."""
    for file, face in CHINESE_FONTS:
        if file.is_file():
            return ImageFont.truetype(file, size, index=face)
    return None


def drawn(lines: Sequence[str], look: Look, font: ImageFont.FreeTypeFont | None = None) -> bytes:
    """A JPEG with these lines in it, grainy like a photo. Without a font Pillow's own, which has
    no Chinese."""
    letters = font or chinese_font(look.size) or ImageFont.load_default(look.size)
    picture = Image.new("RGB", (1280, 960), look.ground)
    draw = ImageDraw.Draw(picture)
    for number, line in enumerate(lines):
        draw.text((120, 160 + number * int(look.size * 2.2)), line, font=letters, fill=look.ink)
    if look.turned:
        picture = picture.rotate(look.turned, Image.Resampling.BICUBIC, fillcolor=look.ground)
    grain = Image.frombytes("L", picture.size, random.Random(7).randbytes(1280 * 960))
    picture = Image.blend(picture, Image.merge("RGB", (grain, grain, grain)), 0.04)
    if look.blur:
        picture = picture.filter(ImageFilter.GaussianBlur(look.blur))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=look.quality)
    return buffer.getvalue()


def recall(wanted: str, found: str) -> float:
    """How much of `wanted` is in `found` in its order, letters and digits only: 0 to 1."""
    a, b = ([one for one in text if one.isalnum()] for text in (wanted, found))
    lengths = [0] * (len(b) + 1)
    for left in a:
        diagonal = 0
        for at, right in enumerate(b, 1):
            above = lengths[at]
            lengths[at] = diagonal + 1 if left == right else max(above, lengths[at - 1])
            diagonal = above
    return lengths[-1] / len(a) if a else 1.0
