"""The custom menu: read by WeChat's limits, installed, compared."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import ClientSession
from ports_in_memory import FakeClock

from backend.ports import Account, ChannelDependencies
from channels.wechat.administration import Administration, administration
from channels.wechat.api import WechatError
from channels.wechat.errcode import Action
from channels.wechat.menu import MenuError, lines, read_menu, same
from channels.wechat.testing import FakePlatform, Fault

SHIPPED = Path(__file__).parents[3] / "data" / "wechat" / "menu.yml"


def page_url(path: str) -> str:
    return f"https://xiangyin.example.gov.cn{path}"


def shipped() -> Any:
    return read_menu(yaml.safe_load(SHIPPED.read_text("utf-8")), page_url)


@pytest.fixture
async def admin(
    platform: FakePlatform, deps: ChannelDependencies, clock: FakeClock
) -> AsyncIterator[Administration]:
    options = {
        "token": "t",
        "app_id": platform.app_id,
        "app_secret": platform.app_secret,
        "api_base_url": platform.base_url,
        "mp_base_url": platform.base_url,
        "timeout_seconds": 1.5,
    }
    async with administration(Account("town", "wechat", options), deps.shared, clock) as opened:
        yield opened


async def test_the_shipped_menu_is_taken_and_read_back(
    admin: Administration, platform: FakePlatform
) -> None:
    assert await admin.menu.installed() is None
    await admin.menu.install(shipped())
    there = await admin.menu.installed()
    assert same(there, shipped())
    assert [each["name"] for each in platform.menus.installed["button"]] == [  # type: ignore[index]
        "提诉求",
        "查进度",
        "我的服务",
    ]
    assert "查进度  [click] menu.progress" in lines(there)
    assert "我的服务 › 我的诉求  [view] https://xiangyin.example.gov.cn/me/{account}/" in lines(
        there
    )


@pytest.mark.parametrize("errcode", [40016, 40017, 40018, 40019, 40020, 40023, 40053, 46003])
async def test_every_refusal_is_told_with_its_reason(
    admin: Administration, platform: FakePlatform, errcode: int
) -> None:
    platform.faults.append(Fault("/cgi-bin/qrcode/", errcode=errcode))
    with pytest.raises(WechatError) as refused:
        await admin.qrcodes.picture("place:1")
    assert refused.value.policy.action is Action.REJECT
    assert refused.value.policy.reason != "errcode not listed"


async def test_what_wechat_refuses_is_a_failure(admin: Administration) -> None:
    with pytest.raises(WechatError, match="40018"):
        await admin.menu.install(
            {"button": [{"type": "click", "name": "很长很长的名字", "key": "k"}]}
        )


def click(name: str = "按钮", key: str = "k") -> dict[str, str]:
    return {"name": name, "key": key}


@pytest.mark.parametrize(
    ("buttons", "words"),
    [
        ([], "1 到 3"),
        ([click()] * 4, "1 到 3"),
        ([{"name": "上", "buttons": [click()] * 6}], "上: 应有 1 到 5"),
        ([{"name": "上", "buttons": []}], "上: 应有 1 到 5"),
        ([click("一二三四五六")], "一二三四五六: 应为 1 到 16"),
        ([click(key="键" * 43)], "1 到 128"),
        ([{"name": "上", "buttons": [click("字" * 21)]}], "1 到 60"),
        ([{"name": "空"}], "key、page、url 之一"),
        ([{"name": "两样", "key": "a", "url": "https://x.example"}], "之一"),
        ([{"name": "网页", "url": "javascript:1"}], "https://"),
        ([{"name": "网页", "url": "https://x.example/" + "a" * 1024}], "1024"),
        ([{"key": "k"}], "name"),
        ("提诉求", "1 到 3"),
    ],
)
def test_limits(buttons: Any, words: str) -> None:
    with pytest.raises(MenuError, match=words):
        read_menu({"buttons": buttons}, page_url)


def test_the_limits_themselves_are_allowed() -> None:
    menu = read_menu(
        {"buttons": [{"name": "一二三四五", "buttons": [click("字" * 20, "k" * 128)] * 5}]},
        page_url,
    )
    assert len(lines(menu)) == 6


def test_another_order_is_another_menu() -> None:
    one = read_menu({"buttons": [click("甲"), click("乙")]}, page_url)
    other = read_menu({"buttons": [click("乙"), click("甲")]}, page_url)
    assert not same(one, other)
    assert not same(one, None)


async def test_a_code_is_made_with_its_scene(admin: Administration, platform: FakePlatform) -> None:
    picture = await admin.qrcodes.picture("place:990101101003")
    assert picture.startswith(b"\xff\xd8\xff")
    assert list(platform.qrcodes.scenes.values()) == ["place:990101101003"]


async def asked(platform: FakePlatform, method: str, path: str, body: Any = None) -> int:
    """The errcode of a call with a good token."""
    if not platform.tokens.current:
        platform.tokens.ask(force=False)
    url = f"{platform.base_url}{path}"
    query = {"access_token": platform.tokens.current}
    async with (
        ClientSession() as http,
        http.request(method, url, params=query, json=body) as response,
    ):
        assert response.status == 200
        return int((await response.json()).get("errcode", 0))


@pytest.mark.parametrize(
    ("button", "errcode"),
    [
        ([{"type": "click", "name": "甲", "key": "k"}] * 4, 40016),
        ([{"name": "上", "sub_button": [{"type": "click", "name": "甲", "key": "k"}] * 6}], 40023),
        ([{"type": "click", "name": "甲", "key": "k" * 129}], 40019),
        ([{"type": "view", "name": "甲", "url": "u" * 1025}], 40020),
        ([{"type": "scan", "name": "甲"}], 40017),
        ([{"type": "click", "name": "一二三四五六", "key": "k"}], 40018),
        ([{"type": "click", "name": "甲", "key": "k"}], 0),
    ],
)
async def test_the_fake_platform_has_wechats_limits(
    platform: FakePlatform, button: Any, errcode: int
) -> None:
    assert await asked(platform, "POST", "/cgi-bin/menu/create", {"button": button}) == errcode
    assert (platform.menus.installed is None) == (errcode != 0)
    assert await asked(platform, "GET", "/cgi-bin/menu/delete") == 0
    assert await asked(platform, "GET", "/cgi-bin/menu/get") == 46003


async def test_the_fake_platform_knows_its_scenes(platform: FakePlatform) -> None:
    def body(scene: str) -> dict[str, Any]:
        return {
            "action_name": "QR_LIMIT_STR_SCENE",
            "action_info": {"scene": {"scene_str": scene}},
        }

    path = "/cgi-bin/qrcode/create"
    assert await asked(platform, "POST", path, body("s" * 64)) == 0
    assert await asked(platform, "POST", path, body("s" * 65)) == 40053
    async with (
        ClientSession() as http,
        http.get(f"{platform.base_url}/cgi-bin/showqrcode?ticket=none") as response,
    ):
        assert response.status == 404
