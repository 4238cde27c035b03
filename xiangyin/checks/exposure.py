"""How the site can be reached from outside: its address, TLS, the proxy in front, the simulator."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from yarl import URL

from xiangyin.checks.finding import Finding, State
from xiangyin.probes import ask_http
from xiangyin.settings import Settings

NAMES_OF_THIS_MACHINE = ("localhost", "localhost.localdomain")


def check_exposure(settings: Settings) -> Sequence[Finding]:
    """What the settings alone say."""
    return [*_tls(settings), *_proxy(settings), *_simulator(settings)]


async def check_address(settings: Settings) -> Sequence[Finding]:
    """Whether `base_url` leads here; nothing where it only names this machine."""
    url = URL(settings.base_url)
    if is_own(url.host):
        if any(account.channel != "simulator" for account in settings.accounts.values()):
            fact = f"{settings.base_url} 只在本机打得开，发给群众和干部的网址他们点不开"
            advice = "在 base_url 写上对外的网址，如 https://xiangyin.example.gov.cn"
            return [Finding("网址", State.NOTE, fact, advice)]
        return []
    try:
        status, body = await ask_http(f"{settings.base_url}/health")
    except OSError as error:
        reason = str(error).rpartition(": ")[2]
        advice = "检查 base_url、域名解析、证书和反向代理；有的网络从本机绕不出去，再用手机试一试"
        return [Finding("网址", State.BAD, f"打不开 {settings.base_url}（{reason}）", advice)]
    # 503 too: the app is there, its database is not.
    if isinstance(body, dict) and "ok" in body:
        return [Finding("网址", State.GOOD, f"{settings.base_url} 通到乡音")]
    fact = f"{settings.base_url} 答 {status}，那里不是乡音"
    advice = f"检查 base_url，并让反向代理把整个域名转到 {settings.local_url}"
    return [Finding("网址", State.BAD, fact, advice)]


def is_own(host: str | None) -> bool:
    """Whether a host's name means this machine."""
    if host in NAMES_OF_THIS_MACHINE:
        return True
    address = _address(host)
    return address is not None and address.is_loopback


def is_private(host: str | None) -> bool:
    """Whether an address can be reached from this machine or its own network only. Names count as
    public: who answers to them is not known here."""
    address = _address(host)
    return is_own(host) or (address is not None and address.is_private)


def _address(host: str | None) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host or "")
    except ValueError:
        return None


def _tls(settings: Settings) -> Sequence[Finding]:
    url = URL(settings.base_url)
    if url.scheme == "https":
        return [Finding("加密", State.GOOD, f"{settings.base_url} 用 HTTPS")]
    advice = "放在 HTTPS 反向代理之后（docs/deploy.md），base_url 改成 https:// 开头"
    if not is_private(url.host):
        fact = f"{settings.base_url} 没有 TLS，口令和群众的话明文传输"
        return [Finding("加密", State.BAD, fact, advice)]
    if not is_own(settings.http_host):
        fact = f"监听 {settings.http_host}，没有 TLS，同一网络里的人能看到口令"
        return [Finding("加密", State.NOTE, fact, advice)]
    return []


def _proxy(settings: Settings) -> Sequence[Finding]:
    if URL(settings.base_url).scheme != "https":
        return []
    if not settings.trusted_proxies:
        fact = (
            "base_url 是 https，前面必有反向代理，但没有写 trusted_proxies：所有人看起来是同一个 IP"
        )
        advice = '写上代理的 IP，在本机就写 trusted_proxies = "127.0.0.1"'
        return [Finding("反向代理", State.BAD, fact, advice)]
    return [Finding("反向代理", State.GOOD, f"信任 {'、'.join(settings.trusted_proxies)}")]


def _simulator(settings: Settings) -> Sequence[Finding]:
    reachable = not is_private(URL(settings.base_url).host) or not is_own(settings.http_host)
    if settings.simulator and reachable:
        fact = "模拟器开着，打开网页的人都能扮成群众说话"
        return [Finding("模拟器", State.BAD, fact, "正式使用时去掉 simulator = true")]
    return []
