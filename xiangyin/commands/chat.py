"""`xiangyin chat`: talk to the bot in the terminal, or play dialogues from a file."""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import structlog

from backend.triage.cleaning import storable
from backend.triage.freshness import is_current
from backend.triage.model import ModelError
from bot.training import current_model
from xiangyin.chat.playing import play
from xiangyin.chat.room import ChatUnavailable, Room, open_room
from xiangyin.chat.script import CHANNELS, Dialogue, ScriptRefused, read_script
from xiangyin.chat.terminal import chat
from xiangyin.commands.failure import DATABASE_ERRORS, database_reason, failed
from xiangyin.commands.parsers import Subcommands
from xiangyin.settings import BOT_PYTHON, PROJECT, TRIAGE_MODEL

MARK = "://"


def register(subcommands: Subcommands) -> None:
    parser = subcommands.add_parser("chat", help="在终端里和机器人聊，或照脚本播放对话")
    parser.add_argument("--channel", choices=CHANNELS, default="wechat",
                        help="wechat（默认）或 sms")  # fmt: skip
    parser.add_argument("--script", type=Path, metavar="文件",
                        help="播放脚本：每行一个 JSON 对话，见 docs/chat.md")  # fmt: skip
    parser.add_argument("--database", default="", metavar="文件或地址",
                        help="聊的内容留在这个数据库里；不写就用临时的，聊完即删")  # fmt: skip
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    if not BOT_PYTHON.exists():
        return failed("机器人的环境还没有安装，请先运行 make install")
    try:
        script = _script(args.script, args.channel)
        if code := _train():
            return code
        with (
            tempfile.TemporaryDirectory(prefix="xiangyin-chat-") as folder,
            asyncio.Runner() as runner,
        ):
            return _talk(runner, Path(folder), args, script)
    except ScriptRefused as error:
        return failed(f"{args.script}：{error}")
    except ModelError as error:
        return failed(f"分类模型用不了：{error}")
    except ChatUnavailable as error:
        return failed(str(error))
    except DATABASE_ERRORS as error:
        return failed(f"聊不了：{database_reason(error)}")


def _script(file: Path | None, channel: str) -> list[Dialogue] | None:
    """The dialogues of a file, None where nobody gave one. Raises ScriptRefused."""
    if file is None:
        return None
    try:
        return read_script(file.read_text(encoding="utf-8"), channel)
    except OSError as error:
        raise ScriptRefused(error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise ScriptRefused("不是 UTF-8 编码") from error


def _train() -> int:
    """Train what is not of the present data; what training says goes where errors go."""
    if current_model() is not None and is_current(PROJECT / "data", TRIAGE_MODEL):
        return 0
    print("数据变了，先训练……", file=sys.stderr, flush=True)
    command = [sys.executable, "-m", "xiangyin", "train"]
    return subprocess.run(command, cwd=PROJECT, stdout=sys.stderr, check=False).returncode  # noqa: S603


def _talk(
    runner: asyncio.Runner,
    folder: Path,
    args: argparse.Namespace,
    script: Sequence[Dialogue] | None,
) -> int:
    # What goes wrong in a turn is logged; standard output is for what is said.
    structlog.configure(logger_factory=structlog.WriteLoggerFactory(file=sys.stderr))
    database = args.database
    url = f"sqlite:///{Path(database).resolve()}" if database and MARK not in database else database
    if script is None:
        print("正在叫醒机器人，稍等……", flush=True)
    stack = AsyncExitStack()
    try:
        room = runner.run(stack.enter_async_context(open_room(folder, url)))
        if script is None:
            chat(runner, room, args.channel, sys.stdin)
            return 0
        return runner.run(_play(room, script, args.script.parent, keep=bool(database)))
    finally:
        runner.run(stack.aclose())


async def _play(room: Room, script: Sequence[Dialogue], folder: Path, *, keep: bool) -> int:
    """In a database of their own dialogues know nothing of each other."""
    for dialogue in script:
        played = await play(room, dialogue, folder)
        print(storable(json.dumps(played, ensure_ascii=False)), flush=True)
        if not keep:
            await room.forget()
    return 0
