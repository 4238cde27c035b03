"""Whether this machine's clock is right, as far as others can tell: deadlines, WeChat's tokens and
one-time codes depend on it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from email.utils import parsedate_to_datetime

import aiohttp
from sqlalchemy import text

from backend.database.engine import Database
from xiangyin.checks.finding import Finding, State
from xiangyin.commands.failure import DATABASE_ERRORS
from xiangyin.probes import SECONDS
from xiangyin.settings import Settings

# A Date header has whole seconds and its answer travels; one-time codes bear half a minute.
OFF_SECONDS = 5.0
BAD_SECONDS = 30.0
WECHAT = "https://api.weixin.qq.com"


async def check_clock(settings: Settings) -> Sequence[Finding]:
    """Compared with WeChat's servers and with PostgreSQL, where they are used and answer."""
    found = []
    for address in sorted(_wechat_addresses(settings)):
        seconds = await _ahead_of_http(address)
        if seconds is not None:
            found.append(judged("微信服务器", seconds))
    if settings.database_url.startswith("postgresql"):
        seconds = await _ahead_of_postgres(settings)
        if seconds is not None:
            found.append(judged("数据库", seconds))
    return found


def judged(other: str, seconds: float) -> Finding:
    """`seconds`: how far this machine's clock is ahead of the other's."""
    fact = f"比{other}{'快' if seconds > 0 else '慢'} {abs(seconds):.0f} 秒"
    advice = "打开时间同步：timedatectl set-ntp true，再看 timedatectl 是否显示已同步"
    if abs(seconds) > BAD_SECONDS:
        return Finding("时钟", State.BAD, fact, advice)
    if abs(seconds) > OFF_SECONDS:
        return Finding("时钟", State.NOTE, fact, advice)
    return Finding("时钟", State.GOOD, f"与{other}一致")


def _wechat_addresses(settings: Settings) -> set[str]:
    return {
        str((account.model_extra or {}).get("api_base_url", WECHAT))
        for account in settings.accounts.values()
        if account.channel == "wechat"
    }


async def _ahead_of_http(address: str) -> float | None:
    """None where nobody answers or the answer bears no date: the channel's own finding says so."""
    timeout = aiohttp.ClientTimeout(total=SECONDS)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as session, session.head(address) as it:
            said = it.headers.get("Date", "")
    except (aiohttp.ClientError, TimeoutError, OSError):
        return None
    try:
        return time.time() - parsedate_to_datetime(said).timestamp()
    except ValueError:
        return None


async def _ahead_of_postgres(settings: Settings) -> float | None:
    """None where it is away: the database's own finding says so."""
    database = Database(settings.database_url)
    try:
        async with database.read() as connection:
            said = await connection.scalar(text("SELECT extract(epoch FROM clock_timestamp())"))
    except DATABASE_ERRORS:
        return None
    finally:
        await database.close()
    return time.time() - float(said)
