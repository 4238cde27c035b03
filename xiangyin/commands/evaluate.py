"""`xiangyin evaluate`: how well the machine understands people, as one table."""

from __future__ import annotations

import argparse
import subprocess
from pathlib import Path

from xiangyin.commands.failure import failed
from xiangyin.commands.parsers import Subcommands
from xiangyin.commands.train import train

DATA_VARIABLE = "XIANGYIN_SHARED"
SHOWN = 2_000


def register(subcommands: Subcommands) -> None:
    parser = subcommands.add_parser(
        "evaluate", help="量一量机器懂得多少：分类、地点、遮蔽、意图，一张表"
    )
    parser.add_argument(
        "--data", type=Path, metavar="文件夹",
        help=f"放 petitions.csv、sms_chat.csv 等的文件夹，不写则看 {DATA_VARIABLE}",
    )  # fmt: skip
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    if args.data is not None and not args.data.is_dir():
        return failed(f"没有 {args.data} 这个文件夹")
    if code := train():
        return code
    # Imported here: what measures needs scikit-learn, which takes seconds.
    from benchmarks.understanding import main

    try:
        return main(args.data)
    except subprocess.CalledProcessError as error:
        return failed(f"机器人那边量不了：\n{error.stderr[-SHOWN:]}")
    except (OSError, subprocess.TimeoutExpired) as error:
        return failed(f"量不了：{error}")
