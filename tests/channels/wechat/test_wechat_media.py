"""Media over real sockets: bytes or JSON, limits, what is gone for good."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest
from ports_in_memory import FakeClock

from backend.ports import MediaContent, MediaRef, MediaUnavailable, MessageKind
from channels.wechat import WechatChannel, media
from channels.wechat.testing import FakePlatform, Fault

MakeChannel = Callable[..., WechatChannel]
GET = "/cgi-bin/media/get"
JPEG = b"\xff\xd8\xff\xe0 a photo of a broken lamp \xff\xd9"


@pytest.fixture
async def channel(make_channel: MakeChannel) -> AsyncIterator[WechatChannel]:
    channel = make_channel()
    await channel.start()
    yield channel
    await channel.close()


def image(provider_ref: str) -> MediaRef:
    return MediaRef(MessageKind.IMAGE, provider_ref)


async def test_a_photo(channel: WechatChannel, platform: FakePlatform) -> None:
    media_id = platform.keep_media(JPEG, "image/jpeg")
    assert await channel.fetch_media(image(media_id)) == MediaContent(JPEG, "image/jpeg")


async def test_a_media_id_with_marks_is_quoted(
    channel: WechatChannel, platform: FakePlatform
) -> None:
    with pytest.raises(MediaUnavailable, match="invalid media id"):
        await channel.fetch_media(image("a&access_token=x/../?#中"))


async def test_a_refused_token_is_replaced(channel: WechatChannel, platform: FakePlatform) -> None:
    media_id = platform.keep_media(JPEG, "image/jpeg")
    await channel.fetch_media(image(media_id))
    platform.tokens.revoke()
    assert (await channel.fetch_media(image(media_id))).data == JPEG


async def test_after_three_days_it_is_gone(
    channel: WechatChannel, platform: FakePlatform, clock: FakeClock
) -> None:
    media_id = platform.keep_media(JPEG, "image/jpeg")
    await clock.sleep(timedelta(days=3, seconds=1).total_seconds())
    with pytest.raises(MediaUnavailable) as caught:
        await channel.fetch_media(image(media_id))
    assert caught.value.permanent is True


@pytest.mark.parametrize(
    ("fault", "permanent"),
    [
        (Fault(GET, errcode=40007), True),
        (Fault(GET, errcode=48001), True),
        (Fault(GET, errcode=-1), False),
        (Fault(GET, errcode=45009), False),
        (Fault(GET, errcode=40001), False),
        (Fault(GET, status=502), False),
        (Fault(GET, status=404), False),
        (Fault(GET, drop=True), False),
        (Fault("/cgi-bin/stable_token", errcode=40164), False),
    ],
)
async def test_failures(
    channel: WechatChannel, platform: FakePlatform, fault: Fault, permanent: bool
) -> None:
    platform.faults = [fault]
    with pytest.raises(MediaUnavailable) as caught:
        await channel.fetch_media(image(platform.keep_media(JPEG, "image/jpeg")))
    assert caught.value.permanent is permanent


async def test_a_file_over_the_limit_is_not_taken(
    channel: WechatChannel, platform: FakePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(media.MAX_BYTES, MessageKind.IMAGE, 1000)
    small = platform.keep_media(b"x" * 1000, "image/jpeg")
    assert len((await channel.fetch_media(image(small))).data) == 1000
    with pytest.raises(MediaUnavailable) as caught:
        await channel.fetch_media(image(platform.keep_media(b"x" * 1001, "image/jpeg")))
    assert caught.value.permanent is True


async def test_an_empty_file_is_no_medium(channel: WechatChannel, platform: FakePlatform) -> None:
    with pytest.raises(MediaUnavailable):
        await channel.fetch_media(image(platform.keep_media(b"", "image/jpeg")))


@pytest.mark.parametrize(
    "answer",
    [
        {"video_url": "http://169.254.169.254/latest"},
        {"video_url": "http://evil.example/?a=.qq.com"},
        {"video_url": "file:///etc/passwd"},
        {"video_url": 7},
        {},
    ],
)
async def test_only_wechats_own_video_addresses_are_followed(
    channel: WechatChannel, platform: FakePlatform, answer: dict[str, object]
) -> None:
    media_id = platform.keep_media(json.dumps(answer).encode(), "application/json")
    with pytest.raises(MediaUnavailable) as caught:
        await channel.fetch_media(MediaRef(MessageKind.VIDEO, media_id))
    assert caught.value.permanent is True


async def test_a_video_behind_an_address(
    channel: WechatChannel, platform: FakePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = platform.keep_media(b"\x00\x00\x00\x18ftypmp42", "video/mp4")
    await channel.fetch_media(image(platform.keep_media(JPEG, "image/jpeg")))  # a token is there
    url = f"{platform.base_url}{GET}?access_token={platform.tokens.current}&media_id={video}"
    monkeypatch.setattr(media, "VIDEO_HOSTS", ("127.0.0.1",))
    answer = platform.keep_media(json.dumps({"video_url": url}).encode(), "text/plain")
    content = await channel.fetch_media(MediaRef(MessageKind.VIDEO, answer))
    assert content == MediaContent(b"\x00\x00\x00\x18ftypmp42", "video/mp4")
