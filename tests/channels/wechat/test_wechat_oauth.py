"""Who opens a page: the authorize address, the code's exchange, and the fake platform's rules."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest
from aiohttp import ClientSession, CookieJar
from ports_in_memory import FakeClock
from yarl import URL

from backend.ports import LoginRefused, LoginUnavailable, OffersPageLogin, PageLogin
from channels.wechat import WechatChannel
from channels.wechat.testing import FakePlatform, Fault
from channels.wechat.testing.web_oauth import BROWSES_AS, CODE_GOOD_FOR, OUTSIDE

MakeChannel = Callable[..., WechatChannel]
OPENID = "oXy7Qk2mVtR4wZ8nLp3sHd6fGj1c"
BACK = "https://xiangyin.example.gov.cn/me/town/entry"
EXCHANGE = "/sns/oauth2/access_token"


@pytest.fixture
async def login(make_channel: MakeChannel, platform: FakePlatform) -> AsyncIterator[PageLogin]:
    channel = make_channel(oauth_base_url=platform.base_url)
    await channel.start()
    assert isinstance(channel, OffersPageLogin)
    assert channel.page_login is not None
    yield channel.page_login
    await channel.close()


async def browse(url: str, openid: str | None) -> tuple[int, str]:
    """(status, where it leads or what it says) of the authorize page."""
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as http:
        if openid:
            http.cookie_jar.update_cookies({BROWSES_AS: openid}, URL(url))
        async with http.get(URL(url, encoded=True), allow_redirects=False) as response:
            return response.status, response.headers.get("Location") or await response.text()


async def test_inside_wechat_the_citizen_comes_back_with_a_code(login: PageLogin) -> None:
    url = login.authorize_url(BACK, "abc123")
    assert url.endswith("&response_type=code&scope=snsapi_base&state=abc123#wechat_redirect")
    status, location = await browse(url, OPENID)
    back = URL(location)
    assert (status, back.with_query(None), back.query["state"]) == (302, URL(BACK), "abc123")
    assert await login.identify(back.query["code"]) == OPENID


async def test_another_browser_is_told_to_use_wechat(login: PageLogin) -> None:
    status, words = await browse(login.authorize_url(BACK, "abc"), None)
    assert (status, OUTSIDE in words) == (200, True)


async def test_only_the_pages_domain_gets_codes(login: PageLogin, platform: FakePlatform) -> None:
    platform.web_oauth.page_domain = "elsewhere.example"
    status, words = await browse(login.authorize_url(BACK, "abc"), OPENID)
    assert (status, "redirect_uri" in words) == (200, True)


async def test_a_code_is_good_once_and_for_five_minutes(
    login: PageLogin, platform: FakePlatform, clock: FakeClock
) -> None:
    code = platform.web_oauth.code_for(OPENID)
    assert await login.identify(code) == OPENID
    with pytest.raises(LoginRefused, match="40163"):
        await login.identify(code)
    late = platform.web_oauth.code_for(OPENID)
    clock.set(clock.now() + CODE_GOOD_FOR + timedelta(seconds=1))
    with pytest.raises(LoginRefused, match="40029"):
        await login.identify(late)
    with pytest.raises(LoginRefused, match="40029"):
        await login.identify("invented")


@pytest.mark.parametrize("errcode", [40029, 40163, 40226, 41008, 42003])
async def test_a_citizen_wechat_does_not_vouch_for_is_refused(
    login: PageLogin, platform: FakePlatform, errcode: int
) -> None:
    platform.faults.append(Fault(EXCHANGE, errcode=errcode))
    with pytest.raises(LoginRefused, match=str(errcode)):
        await login.identify(platform.web_oauth.code_for(OPENID))


@pytest.mark.parametrize(
    "fault",
    [
        Fault(EXCHANGE, errcode=-1),
        Fault(EXCHANGE, errcode=45009),
        Fault(EXCHANGE, errcode=40125),
        Fault(EXCHANGE, status=502),
        Fault(EXCHANGE, drop=True),
    ],
)
async def test_wechat_away_is_not_the_citizens_fault(
    login: PageLogin, platform: FakePlatform, fault: Fault
) -> None:
    platform.faults.append(fault)
    with pytest.raises(LoginUnavailable):
        await login.identify(platform.web_oauth.code_for(OPENID))


async def test_an_account_without_web_oauth_offers_no_pages(make_channel: MakeChannel) -> None:
    assert make_channel(citizen_pages=False).page_login is None
