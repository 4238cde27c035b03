"""Plain drawings that stand for the photos people send: a pothole, a heap of rubbish, a lamp."""

from __future__ import annotations

import io
import random

from PIL import Image, ImageDraw, ImageFilter

from xiangyin.demo.stories import Motif

SIZE = (960, 720)
_GROUND = 430


def draw(motif: Motif, number: int) -> bytes:
    """A JPEG of `SIZE`; the same motif and number give the same picture."""
    chance = random.Random(f"{motif}:{number}")  # noqa: S311
    dusk = motif == "lamp"
    sky = (58, 66, 92) if dusk else chance.choice([(190, 206, 220), (206, 211, 214)])
    image = Image.new("RGB", SIZE, sky)
    pen = ImageDraw.Draw(image)
    _hills(pen, chance, dusk)
    pen.rectangle((0, _GROUND, *SIZE), fill=(74, 72, 70) if dusk else (150, 146, 138))
    _MOTIFS[motif](pen, chance)
    image = image.filter(ImageFilter.GaussianBlur(1.4))
    grain = Image.effect_noise(SIZE, 26).convert("RGB")
    image = Image.blend(image, grain, 0.1)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=72)
    return out.getvalue()


def _hills(pen: ImageDraw.ImageDraw, chance: random.Random, dusk: bool) -> None:
    colour = (44, 52, 62) if dusk else (120, 140, 118)
    top = chance.randint(250, 320)
    points = [(0, _GROUND), (0, top + 60)]
    points += [(x, top + chance.randint(0, 90)) for x in range(120, SIZE[0], 120)]
    pen.polygon([*points, (SIZE[0], top + 50), (SIZE[0], _GROUND)], fill=colour)


def _pothole(pen: ImageDraw.ImageDraw, chance: random.Random) -> None:
    pen.polygon([(330, _GROUND), (630, _GROUND), (960, 720), (0, 720)], fill=(112, 112, 114))
    for y in range(_GROUND + 20, 720, 70):
        pen.line((480, y, 480, y + 34), fill=(214, 208, 180), width=8)
    left = chance.randint(250, 430)
    pen.ellipse((left, 560, left + 270, 660), fill=(70, 64, 58))
    pen.ellipse((left + 30, 582, left + 240, 648), fill=(104, 100, 92))


def _rubbish(pen: ImageDraw.ImageDraw, chance: random.Random) -> None:
    pen.rectangle((90, 330, 300, 540), fill=(62, 104, 82))
    pen.rectangle((80, 312, 310, 340), fill=(50, 84, 68))
    colours = [(40, 40, 44), (200, 196, 186), (152, 60, 52), (70, 96, 140), (176, 150, 90)]
    for _ in range(46):
        x, y = chance.randint(240, 780), chance.randint(430, 640)
        w, h = chance.randint(30, 110), chance.randint(24, 70)
        pen.ellipse((x, y, x + w, y + h), fill=chance.choice(colours))


def _lamp(pen: ImageDraw.ImageDraw, chance: random.Random) -> None:
    x = chance.randint(380, 560)
    pen.rectangle((x, 110, x + 16, 560), fill=(26, 28, 34))
    pen.line((x + 8, 118, x + 150, 96), fill=(26, 28, 34), width=14)
    pen.rectangle((x + 120, 92, x + 186, 112), fill=(70, 74, 82))
    pen.polygon([(0, 560), (960, 520), (960, 720), (0, 720)], fill=(52, 54, 60))


def _water(pen: ImageDraw.ImageDraw, chance: random.Random) -> None:
    pen.rectangle((0, 470, *SIZE), fill=(126, 116, 92))
    for _ in range(26):
        x, y = chance.randint(0, 900), chance.randint(480, 700)
        pen.line((x, y, x + chance.randint(40, 140), y), fill=(158, 150, 128), width=4)
    pen.rectangle((600, 250, 860, 520), fill=(196, 184, 168))
    pen.rectangle((690, 360, 770, 520), fill=(96, 80, 66))


def _dog(pen: ImageDraw.ImageDraw, chance: random.Random) -> None:
    coat = chance.choice([(120, 86, 54), (60, 56, 54), (186, 160, 120)])
    pen.ellipse((330, 470, 600, 590), fill=coat)
    pen.ellipse((560, 410, 680, 510), fill=coat)
    pen.polygon([(580, 420), (600, 370), (626, 420)], fill=coat)
    for x in (360, 400, 530, 570):
        pen.rectangle((x, 560, x + 22, 660), fill=coat)
    pen.line((340, 500, 280, 440), fill=coat, width=16)


def _smoke(pen: ImageDraw.ImageDraw, chance: random.Random) -> None:
    pen.rectangle((0, _GROUND, *SIZE), fill=(176, 150, 92))
    for step in range(30):
        x = 420 + step * 12 + chance.randint(-24, 24)
        y = 470 - step * 14
        size = 40 + step * 5
        grey = 120 + step * 3
        pen.ellipse((x, y, x + size, y + size), fill=(grey, grey, grey))
    pen.ellipse((400, 470, 520, 520), fill=(190, 92, 40))


def _crack(pen: ImageDraw.ImageDraw, chance: random.Random) -> None:
    pen.rectangle((0, 0, *SIZE), fill=(206, 198, 184))
    pen.rectangle((600, 180, 860, 470), fill=(124, 150, 166))
    pen.line((730, 180, 730, 470), fill=(230, 228, 222), width=10)
    x, points = chance.randint(240, 380), []
    for y in range(0, 721, 60):
        x += chance.randint(-40, 40)
        points.append((x, y))
    pen.line(points, fill=(60, 54, 50), width=9)


def _pipe(pen: ImageDraw.ImageDraw, chance: random.Random) -> None:
    pen.rectangle((0, 520, *SIZE), fill=(110, 116, 92))
    pen.rectangle((0, 360, 420, 440), fill=(128, 126, 124))
    pen.ellipse((380, 356, 460, 444), fill=(52, 50, 48))
    shade = chance.choice([(72, 66, 52), (86, 92, 64)])
    pen.polygon([(400, 430), (470, 430), (620, 720), (300, 720)], fill=shade)


def _field(pen: ImageDraw.ImageDraw, chance: random.Random) -> None:
    pen.rectangle((0, _GROUND, *SIZE), fill=(122, 138, 78))
    for y in range(_GROUND + 16, 720, 34):
        pen.line((0, y, 960, y + chance.randint(-8, 8)), fill=(98, 112, 60), width=8)
    for _ in range(40):
        x, y = chance.randint(0, 940), chance.randint(_GROUND, 700)
        pen.line((x, y, x + 34, y + 6), fill=(186, 168, 96), width=6)


_MOTIFS = {
    "pothole": _pothole,
    "rubbish": _rubbish,
    "lamp": _lamp,
    "water": _water,
    "dog": _dog,
    "smoke": _smoke,
    "crack": _crack,
    "pipe": _pipe,
    "field": _field,
}
