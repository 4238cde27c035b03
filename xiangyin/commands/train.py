"""`xiangyin train`: train the bot and the triage where their data changed since the last time."""

from __future__ import annotations

import argparse
import os
import subprocess
import time
from pathlib import Path

from backend.clock import SystemClock
from backend.triage.examples import ExamplesError
from backend.triage.freshness import is_current
from xiangyin.child import end_with_parent
from xiangyin.commands.failure import failed
from xiangyin.commands.parsers import Subcommands
from xiangyin.settings import BOT_PYTHON, PROJECT, TRIAGE_MODEL

DATA = PROJECT / "data"


def register(subcommands: Subcommands) -> None:
    parser = subcommands.add_parser("train", help="训练机器人和分类模型；数据没有变化时跳过")
    parser.add_argument("--force", action="store_true", help="没有变化也重新训练")
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    return train(force=args.force)


def train(*, force: bool = False) -> int:
    """Train what is not of the present data, or all with `force`; exit code."""
    if not BOT_PYTHON.exists():
        return failed("机器人的环境还没有安装，请先运行 make install")
    options = ["--force"] if force else []
    # Its own output is the progress shown; Ctrl-C reaches it too, being in our session.
    done = subprocess.run(  # noqa: S603
        [BOT_PYTHON, "-m", "bot", "train", *options],
        cwd=PROJECT,
        preexec_fn=end_with_parent(os.getpid()),
        check=False,
    )
    if done.returncode:
        return done.returncode
    return _train_triage(TRIAGE_MODEL, force=force)


def _train_triage(model: Path, *, force: bool) -> int:
    if not force and is_current(DATA, model):
        return 0
    # Imported here: scikit-learn takes seconds.
    from backend.triage.training import train as train_triage

    print(f"triage: training from {DATA / 'triage'}", flush=True)
    before = time.monotonic()
    model.parent.mkdir(parents=True, exist_ok=True)
    try:
        train_triage(DATA, model, now=SystemClock().now())
    except ExamplesError as error:
        return failed(f"分类的例句有误：{error}")
    print(f"triage: trained in {time.monotonic() - before:.1f} s", flush=True)
    return 0
