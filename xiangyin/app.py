"""The app process: one aiohttp server and the tasks its role asks for."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

import structlog
from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

from backend.api import setup_api
from backend.citizen_pages import CitizenPages, setup_citizen_pages
from backend.clock import SystemClock
from backend.console import setup_console
from backend.conversation.addresses import load_accounts
from backend.conversation.background import Loops
from backend.conversation.gateway_reports import GatewayReports
from backend.conversation.texts import Reply
from backend.conversation.trial import Trial
from backend.organisation.accounts import ensure_accounts
from backend.petitions.desk import Desk
from backend.ports import Clock, OffersPageLogin
from backend.surveys.push_plan import asking_ends
from backend.web.dependencies import PushLimits, WebDependencies
from backend.web.markers import public
from channels.sms.segmentation import count_parts
from channels.sms.signature import read_signature, signed
from xiangyin.health import health_of, own_facts
from xiangyin.model_service import shelf_of
from xiangyin.operator_health import PATH, operator_health
from xiangyin.preparation import prepare_database
from xiangyin.settings import GATEWAY, PROJECT, WEB, WORKER, Settings
from xiangyin.wiring import (
    DATA,
    Parts,
    accounts_of,
    build,
    look_of,
    recorded_channel,
    simulated,
)

log = structlog.get_logger(__name__)

PARTS = web.AppKey("xiangyin_parts", Parts)
API = web.AppKey("xiangyin_api", web.Application)
SHUTDOWN_SECONDS = 4.0
SWITCH_SECONDS = 0.0005
RUBBISH_AFTER = (10_000, 10, 10)  # objects, and rounds of the younger generation


def create_app(settings: Settings, clock: Clock) -> web.Application:
    """The application of this process's role. Raises InvalidSettings for a wrong account option."""
    parts = build(settings, clock)
    app = web.Application(client_max_size=settings.max_request_bytes)
    app[PARTS] = parts
    app.router.add_get("/health", _health)
    app.router.add_get(PATH, operator_health(settings, lambda: health_of(parts)))
    if settings.role in GATEWAY:
        for channel in parts.channels.values():
            app.add_routes(channel.routes())
        setup_citizen_pages(app, _citizen_pages(parts))
        if settings.simulator:
            _add_simulator_page(app, parts)
    if settings.role in WEB:
        dependencies = _web_dependencies(parts)
        app[API] = setup_api(app, dependencies)
        setup_console(app, dependencies)
    app.cleanup_ctx.append(_running)
    app.on_shutdown.append(_let_go)
    return app


def _add_simulator_page(app: web.Application, parts: Parts) -> None:
    from channels.simulator import SimulatorChannel, page_routes

    played = [parts.channels[name] for name in simulated(parts.settings)]
    app.add_routes(page_routes([each for each in played if isinstance(each, SimulatorChannel)]))


def _citizen_pages(parts: Parts) -> CitizenPages:
    settings = parts.settings
    offered = {
        name: channel.page_login
        for name, channel in parts.channels.items()
        if isinstance(channel, OffersPageLogin)
    }
    return CitizenPages(
        database=parts.database,
        clock=parts.clock,
        rules=parts.rules,
        logins={name: login for name, login in offered.items() if login is not None},
        public_url=settings.citizens_url,
        secret_key=settings.secret_key,
        data_folder=DATA,
        media_folder=settings.media_dir,
        links_phones=any(look_of(account) == "sms" for account in parts.accounts),
        trusted_proxies=settings.trusted_proxies,
    )


def _web_dependencies(parts: Parts) -> WebDependencies:
    settings = parts.settings
    looks = {account.name: account for account in parts.accounts}

    def preview(
        account: str, channel: str, key: str, params: Mapping[str, str | int | None]
    ) -> str:
        known = looks.get(account)
        look = str(known.options.get("persona", channel)) if known else channel
        return parts.texts.render([Reply(key, params)], look)

    def sms_parts(account: str, words: str) -> int:
        known = looks.get(account)
        signature = read_signature(known.options.get("signature")) if known else ""
        return count_parts(signed(words, signature))

    return WebDependencies(
        database=parts.database,
        desk=Desk(parts.notifier, parts.rules, parts.clock),
        rules=parts.rules,
        deployment=parts.deployment,
        clock=parts.clock,
        preview=preview,
        texts=parts.texts,
        looks={name: look_of(account) for name, account in looks.items()},
        sms_parts=sms_parts,
        asking_ends=partial(asking_ends, rates=settings.push_rates, quiet=settings.quiet_hours),
        push_limits=PushLimits(
            settings.quiet_from,
            settings.quiet_until,
            settings.push_daily_cap,
            settings.survey_gap_days,
        ),
        try_words=Trial(parts.bot, parts.readings, parts.texts, parts.rules, parts.clock).words,
        health=lambda: health_of(parts),
        models=shelf_of(settings),
        data_folder=DATA,
        media_folder=settings.media_dir,
        assets_folder=PROJECT / "node_modules",
        secret_key=settings.secret_key,
        totp_roles=frozenset(settings.totp_roles),
        secure_cookies=settings.base_url.startswith("https://"),
        trusted_proxies=settings.trusted_proxies,
    )


@asynccontextmanager
async def _started(part: Any) -> AsyncIterator[None]:
    await part.start()
    try:
        yield
    finally:
        await part.close()


@asynccontextmanager
async def _meanwhile(clock: Clock, **loops: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Run loops that never end by themselves, each by its name."""
    running = Loops(clock)
    running.start(loops)
    try:
        yield
    finally:
        await running.stop()


async def _running(app: web.Application) -> AsyncIterator[None]:
    """Start what the role needs, in order; stop it in the opposite order."""
    parts = app[PARTS]
    role = parts.settings.role
    async with AsyncExitStack() as stack:
        stack.push_async_callback(parts.database.close)
        if parts.redis is not None:
            stack.push_async_callback(parts.redis.aclose)
        await prepare_database(parts.database)
        await parts.deployment.refresh()
        await _keep_accounts(parts)
        async with parts.database.read() as connection:
            accounts = await load_accounts(connection)
        await stack.enter_async_context(_started(parts.signals))
        await stack.enter_async_context(_started(parts.bot))
        following = {"deployment": parts.deployment.follow, "model": parts.model_watch.follow}
        await stack.enter_async_context(_meanwhile(parts.clock, **following))
        if role in GATEWAY:
            for channel in parts.channels.values():
                await channel.start()
            await parts.sender.start(accounts)
            await parts.media.start({name: row.id for name, row in accounts.items()})
            stack.push_async_callback(parts.media.close)
        if role in WORKER:
            await stack.enter_async_context(_started(parts.worker))
            await stack.enter_async_context(_started(parts.push_turns))
            await stack.enter_async_context(_started(parts.duty_watch))
            await stack.enter_async_context(_started(parts.survey_pusher))
            await stack.enter_async_context(_started(parts.photo_texts))
            await stack.enter_async_context(_meanwhile(parts.clock, matters=parts.matters.run))
        if role in GATEWAY:
            await stack.enter_async_context(_started(parts.inbox))
            reports = GatewayReports(
                parts.database, parts.clock, parts.owner, partial(own_facts, parts)
            )
            await stack.enter_async_context(_meanwhile(parts.clock, gateway_report=reports.run))
        # The calendar's holidays take most of a second: have them before the first petition.
        asyncio.get_running_loop().run_in_executor(None, parts.rules.working_day, parts.clock.now())
        _answer_first()
        log.info("app.started", role=role.value, accounts=sorted(parts.channels))
        yield
        log.info("app.stopping")


def _answer_first() -> None:
    """Set the interpreter for short waits. What was loaded at the start stays to the end: looking
    through it for rubbish would stop every request for a tenth of a second. What is made since is
    looked through less often than usual, for most of it belongs to requests still being answered.
    And a thread back from the disk holds a database's lock: it must not wait the usual 5 ms for its
    turn."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*RUBBISH_AFTER)
    sys.setswitchinterval(SWITCH_SECONDS)


async def _let_go(app: web.Application) -> None:
    """Before open connections are waited for: finish what is being sent, end live pages."""
    parts = app[PARTS]
    await parts.sender.close()
    for channel in parts.channels.values():
        await channel.close()


async def _keep_accounts(parts: Parts) -> None:
    county = parts.rules.catalogue.county.code
    wanted = [
        (account.name, recorded_channel(account), org or county)
        for account, org in accounts_of(parts.settings)
    ]
    async with parts.database.write() as connection:
        await ensure_accounts(connection, wanted, parts.settings.pools)


@public
async def _health(request: web.Request) -> web.Response:
    """For the supervisor and load balancers: alive, and whether SQL answers. No details."""
    parts = request.app[PARTS]
    try:
        async with asyncio.timeout(5), parts.database.read():
            return web.json_response({"ok": True})
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        log.warning("health.sql_failed", error=type(error).__name__)
        return web.json_response({"ok": False}, status=503)


def _without_request(record: logging.LogRecord) -> bool:
    """aiohttp quotes the request line it could not read; a phone number may stand in it."""
    error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else "error"
    record.msg, record.args, record.exc_info = f"aiohttp.server: {error}", (), None
    return True


def configure_logging(settings: Settings) -> None:
    """One JSON line per event on standard error."""
    level = getattr(logging, settings.log_level.value.upper())
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
    logging.basicConfig(level=max(level, logging.WARNING), stream=sys.stderr)
    logging.getLogger("aiohttp.server").addFilter(_without_request)


async def run_app(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    configure_logging(settings)
    runner = web.AppRunner(
        create_app(settings, SystemClock()), access_log=None, shutdown_timeout=SHUTDOWN_SECONDS
    )
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await runner.setup()
    try:
        site = web.TCPSite(runner, settings.http_host, settings.http_port)
        await site.start()
        await stop.wait()
    finally:
        await runner.cleanup()
