"""`xiangyin app`: the app alone, in this process; `xiangyin run` starts it as a child."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from xiangyin.loading import load_settings

if TYPE_CHECKING:
    from xiangyin.commands.parsers import Subcommands


def register(subcommands: Subcommands) -> None:
    parser = subcommands.add_parser("app", help="只启动应用（不带机器人和 Valkey），供拆分部署")
    parser.add_argument("--role", help="gateway、worker、web 或 all")
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    settings = load_settings(**({"role": args.role} if args.role else {}))
    import uvloop

    from backend.conversation import steps
    from xiangyin.app import run_app

    steps.halt_as_told(os.environ.get(steps.VARIABLE, ""))
    uvloop.run(run_app(settings))
    return 0
