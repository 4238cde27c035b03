"""`xiangyin run`: everything, supervised: Valkey, the bot, the app."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress

from backend.clock import SystemClock
from backend.database.engine import Database
from xiangyin import run_lock
from xiangyin.bot_process import bot_spec
from xiangyin.child import ChildSpec
from xiangyin.commands.failure import DATABASE_ERRORS, database_reason, failed
from xiangyin.commands.parsers import Subcommands
from xiangyin.commands.train import train_at_start
from xiangyin.loading import load_settings
from xiangyin.preparation import FIRST_LOGIN, make_first_user, prepare_database
from xiangyin.probes import http_health
from xiangyin.settings import PROJECT, Role, Settings
from xiangyin.supervisor import StartFailed, Supervisor
from xiangyin.valkey import valkey_spec

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def register(subcommands: Subcommands) -> None:
    parser = subcommands.add_parser("run", help="启动全部：Valkey、机器人、应用；Ctrl-C 停止")
    parser.add_argument("--role", help="gateway、worker、web 或 all（默认）")
    parser.add_argument(
        "--train", action="store_true", help="先训练机器人和诉求分类；数据没有变化时跳过"
    )
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    settings = load_settings(**({"role": args.role} if args.role else {}))
    settings.secret_key()  # made, or refused, before anything starts
    for folder in (settings.var_dir, settings.media_dir, settings.spool_dir):
        folder.mkdir(parents=True, exist_ok=True)
    lock = run_lock.take(settings.var_dir, settings.role)
    if lock is None:
        return failed(f"乡音已经在 {settings.var_dir} 里运行着，先停掉它（Ctrl-C）")
    if not _port_is_free(settings.http_host, settings.http_port):
        return failed(
            f"{settings.http_host}:{settings.http_port} 已被别的程序占用，"
            "停掉它，或用 XIANGYIN_HTTP_PORT 换一个端口"
        )
    try:
        if args.train and (code := train_at_start(settings)):
            return code
        return asyncio.run(_run(settings, args.role))
    finally:
        os.close(lock)


def _port_is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _say(text: str) -> None:
    print(f"==> {text}", flush=True)


async def _run(settings: Settings, role: str | None) -> int:
    preparation = _Preparation(settings)
    supervisor = Supervisor(_stages(settings, role, preparation), _say)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stopping.set)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # ignored: started by nohup
        loop.add_signal_handler(signal.SIGHUP, stopping.set)
    work = asyncio.create_task(_work(settings, supervisor, preparation))
    stop = asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait((work, stop), return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            _say("正在停止……")
            work.cancel()
        with suppress(asyncio.CancelledError):
            await work
    except StartFailed as error:
        print(error, file=sys.stderr)
        return error.exit_code
    finally:
        stop.cancel()
        await supervisor.stop()
    _say("已全部停止")
    return 0


class _Preparation:
    """Runs once, before the app's first start, beside the start of Valkey and the bot."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.password: str | None = None

    async def run(self) -> None:
        """With the database away the app starts all the same and spools."""
        database = Database(self._settings.database_url)
        try:
            await prepare_database(database)
            self.password = await make_first_user(database, SystemClock())
        except DATABASE_ERRORS as error:
            _say(f"数据库暂时用不了，先收下消息，等它恢复：{database_reason(error)}")
        finally:
            await database.close()


async def _work(settings: Settings, supervisor: Supervisor, preparation: _Preparation) -> None:
    await supervisor.start()
    _greet(settings, preparation.password)
    await supervisor.watch()


def _stages(
    settings: Settings, role: str | None, preparation: _Preparation
) -> Sequence[Sequence[ChildSpec]]:
    """All beside each other: none needs another to start, only to be of use.

    Only the process that answers citizens needs the bot; split roles share its Valkey.
    """
    answers = settings.role in (Role.ALL, Role.WORKER)
    valkey = [valkey_spec(settings)] if settings.embeds_valkey and answers else []
    bots = [bot_spec(settings, path) for path in settings.bot_sockets] if answers else []
    return [[*valkey, *bots, _app(settings, role, preparation)]]


def _app(settings: Settings, role: str | None, preparation: _Preparation) -> ChildSpec:
    return ChildSpec(
        name="app",
        command=(sys.executable, "-m", "xiangyin", "app", *(["--role", role] if role else [])),
        probe=lambda: http_health(f"{settings.local_url}/health"),
        cwd=PROJECT,
        before=preparation.run,
        stop_first=True,
    )


def _greet(settings: Settings, password: str | None) -> None:
    lines = ["", "  乡音已就绪", f"    干部页面  {settings.base_url}/"]
    if settings.simulator:
        lines.append(f"    模拟器    {settings.base_url}/simulator")
    if password:
        lines.append(f"    第一个管理员：{FIRST_LOGIN}，一次性口令：{password}（首次登录时要改）")
    else:
        lines.append("    忘了口令  .venv/bin/xiangyin user reset <登录名>")
    lines += ["    检查      .venv/bin/xiangyin doctor", "    停止      Ctrl-C", ""]
    print("\n".join(lines), flush=True)
