"""How one app process is, and what it knows of the channels: its own, or what gateways report."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from backend.conversation.bot_client import BotUnavailable
from backend.conversation.carriers import carriers
from backend.conversation.gateway_reports import reported
from xiangyin.settings import GATEWAY
from xiangyin.wiring import Parts

log = structlog.get_logger(__name__)

SQL_SECONDS = 5.0


async def health_of(parts: Parts) -> dict[str, Any]:
    """What an operator wants to know; nothing secret. `ok` is about this app process; a bot or a
    provider that is away makes answers wait and loses nothing."""
    bot: dict[str, Any]
    try:
        bot = {"ok": True, **await parts.bot.health()}
    except BotUnavailable as error:
        bot = {"ok": False, "detail": str(error)}
    return {
        "ok": True,
        "role": parts.settings.role.value,
        "bot": bot,
        "carriers": await _carriers(parts),
        "triage": parts.readings.model,
        **await (own_facts(parts) if parts.settings.role in GATEWAY else _reported_facts(parts)),
    }


async def own_facts(parts: Parts) -> dict[str, Any]:
    """How this process finds the channels that it holds, and whether it spools."""
    # All at once: each may wait for a provider that is away.
    told = await asyncio.gather(*(channel.health() for channel in parts.channels.values()))
    channels = dict(zip(parts.channels, told, strict=True))
    return {"channels": channels, "spooling": parts.inbox.spooling}


async def _reported_facts(parts: Parts) -> dict[str, Any]:
    try:
        async with asyncio.timeout(SQL_SECONDS):
            return await reported(parts.database, parts.channels, parts.clock.now())
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        log.warning("health.sql_failed", error=type(error).__name__)
        unknown = {"ok": False, "detail": "数据库没有应答，不知道渠道怎么样。"}
        return {"channels": dict.fromkeys(parts.channels, unknown), "spooling": False}


async def _carriers(parts: Parts) -> list[dict[str, Any]]:
    """How the accounts of pools share the messages; [] where SQL does not answer, which the rest
    of the health tells."""
    try:
        async with asyncio.timeout(SQL_SECONDS), parts.database.read() as connection:
            found = await carriers(connection)
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        log.warning("health.sql_failed", error=type(error).__name__)
        return []
    return [
        {
            "account": each.account,
            "pool": each.pool,
            "share": round(each.share, 3),
            "weight": each.weight.weight,
            "resting": each.weight.resting,
            "reason": each.weight.reason,
            "changed_at": each.weight.changed_at.isoformat(),
        }
        for each in found
    ]
