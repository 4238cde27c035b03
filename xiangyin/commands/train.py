"""`xiangyin train`: train the bot where its data changed since the last time."""

from __future__ import annotations

import argparse
import subprocess

from xiangyin.commands.failure import failed
from xiangyin.commands.parsers import Subcommands
from xiangyin.settings import PROJECT

BOT_PYTHON = PROJECT / "bot" / ".venv" / "bin" / "python"


def register(subcommands: Subcommands) -> None:
    parser = subcommands.add_parser("train", help="训练机器人；数据没有变化时跳过")
    parser.add_argument("--force", action="store_true", help="没有变化也重新训练")
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    if not BOT_PYTHON.exists():
        return failed("机器人的环境还没有安装，请先运行 make install")
    force = ["--force"] if args.force else []
    # Its own output is the progress shown; Ctrl-C reaches it too, being in our session.
    done = subprocess.run([BOT_PYTHON, "-m", "bot", "train", *force], cwd=PROJECT, check=False)  # noqa: S603
    return done.returncode
