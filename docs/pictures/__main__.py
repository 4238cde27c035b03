"""`make pictures`: take each scene from a demo county into docs/pictures/, small enough to read on
a slow line."""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from PIL import Image
from playwright.async_api import Browser, async_playwright

from docs.pictures import chat, console
from docs.pictures.county import County, demo_county
from tests.services.chromium import FLAGS, find_chromium

FOLDER = Path(__file__).parent
LARGEST_BYTES = 250_000
COLOURS = 256

Scene = Callable[[Browser, County], Awaitable[bytes]]
# The hot list first, for it waits until all is found, which the overview and a chat show too. The
# chats come last: what they add would stand in the other pictures.
SCENES: Mapping[str, Scene] = {
    "hot": console.hot,
    "queue": console.queue,
    "petition": console.petition,
    "overview": console.overview,
    "survey": console.survey,
    "chat-wechat": chat.wechat,
    "chat-answer": chat.answer,
    "chat-sms": chat.sms,
}


async def take(county: County, chromium: Path) -> None:
    """Raises ValueError for a picture that stays too large."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        for name, scene in SCENES.items():
            picture = compressed(await scene(browser, county))
            if len(picture) > LARGEST_BYTES:
                raise ValueError(f"{name}.png has {len(picture)} bytes, over {LARGEST_BYTES}")
            (FOLDER / f"{name}.png").write_bytes(picture)
            print(f"docs/pictures/{name}.png  {len(picture) // 1000} kB", flush=True)
        await browser.close()


def compressed(png: bytes) -> bytes:
    """With a palette: pages have few colours, and the rare ones (a red word) must stay."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    few = image.quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    out = io.BytesIO()
    few.save(out, "PNG", optimize=True)
    return out.getvalue()


def main() -> int:
    chromium = find_chromium()
    if chromium is None:
        print("需要 Chromium：apt-get install chromium fonts-noto-cjk", file=sys.stderr)
        return 1
    with demo_county() as county:
        asyncio.run(take(county, chromium))
    return 0


if __name__ == "__main__":
    sys.exit(main())
