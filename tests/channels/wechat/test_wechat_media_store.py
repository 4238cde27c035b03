"""The fake platform's media, held to what is published; and a channel that meets slow and cut
downloads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import ClientSession, FormData
from ports_in_memory import FakeClock

from backend.ports import MediaContent, MediaRef, MediaUnavailable, MessageKind
from channels.wechat import WechatChannel, api
from channels.wechat.testing import FakePlatform

JPEG = b"\xff\xd8\xff" + bytes(range(256)) * 400
MakeChannel = Callable[..., WechatChannel]


@pytest.fixture
async def channel(make_channel: MakeChannel) -> AsyncIterator[WechatChannel]:
    channel = make_channel(timeout_seconds=30.0)  # here no call hangs, however busy the machine
    await channel.start()
    yield channel
    await channel.close()


async def upload(
    platform: FakePlatform, kind: str, name: str, data: bytes, field: str = "media"
) -> dict[str, Any]:
    issued = platform.tokens.ask(force=False)
    assert not isinstance(issued, int)
    form = FormData()
    form.add_field(field, data, filename=name, content_type="image/jpeg")
    url = f"{platform.base_url}/cgi-bin/media/upload?access_token={issued[0]}&type={kind}"
    async with ClientSession() as http, http.post(url, data=form) as response:
        assert response.status == 200
        return dict(await response.json())


async def test_an_upload_is_given_back_for_three_days(
    platform: FakePlatform, channel: WechatChannel, clock: FakeClock
) -> None:
    answer = await upload(platform, "image", "a.jpg", JPEG)
    assert answer["type"] == "image"
    assert answer["created_at"] == int(clock.now().timestamp())
    ref = MediaRef(MessageKind.IMAGE, answer["media_id"])
    await clock.sleep(3 * 86_400)
    assert await channel.fetch_media(ref) == MediaContent(JPEG, "image/jpeg")
    await clock.sleep(1)
    with pytest.raises(MediaUnavailable) as caught:
        await channel.fetch_media(ref)
    assert caught.value.permanent


@pytest.mark.parametrize(
    ("kind", "name", "size", "errcode"),
    [
        ("image", "a.jpg", 10 << 20, None),
        ("image", "a.jpg", (10 << 20) + 1, 40006),
        ("image", "a.jpg", 0, 40006),
        ("image", "a.svg", 10, 40005),
        ("voice", "a.AMR", 2 << 20, None),
        ("voice", "a.amr", (2 << 20) + 1, 40006),
        ("video", "a.mov", 10, 40005),
        ("thumb", "a.jpg", (64 << 10) + 1, 40006),
        ("file", "a.pdf", 10, 40004),
    ],
)
async def test_limits_of_an_upload(
    platform: FakePlatform, kind: str, name: str, size: int, errcode: int | None
) -> None:
    answer = await upload(platform, kind, name, bytes(size))
    assert answer.get("errcode") == errcode
    assert ("media_id" in answer) is (errcode is None)


async def test_an_upload_without_a_file(platform: FakePlatform) -> None:
    assert (await upload(platform, "image", "a.jpg", JPEG, "file"))["errcode"] == 41005


async def test_a_cut_download_is_no_photo_and_is_tried_again(
    platform: FakePlatform, channel: WechatChannel
) -> None:
    ref = MediaRef(MessageKind.IMAGE, platform.keep_media(JPEG, "image/jpeg"))
    platform.media.cut_at, platform.media.cuts = 50_000, 1
    with pytest.raises(MediaUnavailable) as caught:
        await channel.fetch_media(ref)
    assert not caught.value.permanent
    assert (await channel.fetch_media(ref)).data == JPEG


async def test_a_slow_download_is_waited_for_within_bounds(
    platform: FakePlatform, channel: WechatChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = MediaRef(MessageKind.IMAGE, platform.keep_media(JPEG, "image/jpeg"))
    platform.media.slow_seconds = 0.02
    assert (await channel.fetch_media(ref)).data == JPEG
    monkeypatch.setattr(api, "DOWNLOAD_SECONDS", 0.3)
    platform.media.slow_seconds = 30.0
    with pytest.raises(MediaUnavailable) as caught:
        await channel.fetch_media(ref)
    assert not caught.value.permanent


@pytest.mark.parametrize("claimed", ["text/html", "application/octet-stream", "image/png"])
async def test_what_a_file_is_called_is_passed_on_as_a_claim(
    platform: FakePlatform, channel: WechatChannel, claimed: str
) -> None:
    ref = MediaRef(MessageKind.IMAGE, platform.keep_media(JPEG, claimed))
    assert await channel.fetch_media(ref) == MediaContent(JPEG, claimed)
