"""Voices, films and what is written in photos, on the page of a petition, in Chromium."""

from __future__ import annotations

import io
import wave
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect
from sqlalchemy import select, update

from backend.conversation.media_files import store_file
from backend.conversation.photo_text import note_waiting
from backend.conversation.tables import media, message, photo_text
from backend.petitions.filing import Filed
from tests.console.site import NODE_MODULES, Site
from tests.console.test_browser import SIZES, fits, official

MARIO = NODE_MODULES / "benz-amr-recorder" / "res" / "mario.amr"
# Settled by the player's own events: no waiting for a time, and no eval, which the CSP forbids.
PLAYS = (
    "one => new Promise(done => { one.ontimeupdate = () => one.currentTime > 0 && done(true); })"
)
LASTS = """one => new Promise((done, failed) => {
  one.onloadedmetadata = () => done(one.duration);
  one.onerror = failed;
  one.preload = 'auto';
  one.load();
})"""
HEARD = "俺们村西头的桥栏杆断咧"
NOTICE = "停水通知\n因管网检修，锦绣小区停水三天。\n联系电话 13812345678"


def wav(seconds: float = 0.5) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(int(16000 * seconds)))
    return buffer.getvalue()


async def with_media(site: Site, *files: bytes, kind: str = "voice", text: str = "") -> Filed:
    """A petition whose one message holds these files."""
    filed = await site.petition("（语音留言，请听录音）", photos=len(files))
    ids = await site.media_ids(filed)
    async with site.world.database.write() as connection:
        for media_id, data in zip(ids, files, strict=True):
            stored = store_file(site.deps.media_folder, data)
            await connection.execute(
                update(media)
                .where(media.c.id == media_id)
                .values(
                    kind=kind,
                    sha256=stored.sha256,
                    content_type=stored.content_type,
                    width=stored.width,
                    height=stored.height,
                )
            )
        of_media = select(media.c.message_id).where(media.c.id == ids[0]).scalar_subquery()
        await connection.execute(
            update(message).where(message.c.id == of_media).values(kind=kind, text=text)
        )
    return filed


@pytest.mark.parametrize("size", list(SIZES))
async def test_an_official_hears_a_wechat_voice(site: Site, browser: Any, size: str) -> None:
    filed = await with_media(site, MARIO.read_bytes(), text=HEARD)
    async with official(browser, site, "town", size) as page:
        await page.goto(f"{site.url}/console/petitions/{filed.number}")
        talk = page.locator(".talk")
        await expect(talk.get_by_text("微信听写的字，可能有错，以录音为准")).to_be_visible()
        await talk.get_by_role("button", name="听语音").click()
        player = talk.locator("audio")
        await expect(player).to_be_focused()
        await player.evaluate(PLAYS)
        seconds = await player.evaluate("one => one.duration")
        # 20 ms a frame, each of its length.
        assert 60 < seconds < 180
        await expect(talk.get_by_role("link", name="下载")).to_have_attribute(
            "href", f"/console/media/{(await site.media_ids(filed))[0]}"
        )
        assert await fits(page)


async def test_a_broken_voice_can_still_be_saved(site: Site, browser: Any) -> None:
    filed = await with_media(site, b"#!AMR\n\x3c\x08")
    async with official(browser, site, "town", "desk") as page:
        await page.goto(f"{site.url}/console/petitions/{filed.number}")
        button = page.locator(".talk").get_by_role("button", name="听语音")
        await button.click()
        await expect(page.locator(".talk").get_by_role("status")).to_have_text(
            "这段语音放不出来，请下载后听。"
        )
        await expect(button).to_be_enabled()


async def test_what_browsers_play_is_played_and_the_rest_is_saved(site: Site, browser: Any) -> None:
    film = b"\x00\x00\x00\x18ftypmp42" + bytes(40)
    filed = await with_media(site, wav(), film, b"\x02#!SILK_V3" + bytes(20))
    async with official(browser, site, "town", "desk") as page:
        await page.goto(f"{site.url}/console/petitions/{filed.number}")
        audio = page.locator(".talk audio")
        assert 0.4 < await audio.evaluate(LASTS) < 0.6
        await expect(page.locator(".talk video")).to_be_visible()
        async with page.expect_download() as saving:
            await page.get_by_role("link", name="下载语音").click()
        saved = Path(await (await saving.value).path())
        assert saved.read_bytes().startswith(b"\x02#!SILK_V3")


@pytest.mark.parametrize("size", list(SIZES))
async def test_words_in_a_photo_stand_beside_it(site: Site, browser: Any, size: str) -> None:
    filed = await site.petition(photos=2)
    first, _ = await site.media_ids(filed)
    async with site.world.database.write() as connection:
        await note_waiting(connection, [first], site.world.now)
        await connection.execute(
            update(photo_text).values(state="read", text=NOTICE, confidence=0.934)
        )
    async with official(browser, site, "reader", size) as page:
        await page.goto(f"{site.url}/console/petitions/{filed.number}")
        words = page.locator(".talk .photo-words")
        await expect(words).to_have_count(1)
        await expect(words).to_contain_text("照片里的字（系统认的，把握93%）")
        await expect(words).to_contain_text("锦绣小区停水三天")
        await expect(words).not_to_contain_text("13812345678")
        assert await fits(page)


async def test_a_photo_that_never_came_is_said_to_be_gone(site: Site, browser: Any) -> None:
    filed = await site.petition(photos=1)
    async with site.world.database.write() as connection:
        await connection.execute(update(media).values(state="gone"))
    async with official(browser, site, "town", "desk") as page:
        await page.goto(f"{site.url}/console/petitions/{filed.number}")
        await expect(page.get_by_text("照片：已过平台保存的期限，没能取回")).to_be_visible()
