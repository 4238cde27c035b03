"""`xiangyin train`: the bot and the triage where their data changed, what officials taught, or a
model of one's own labels."""

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
from xiangyin.commands import models, train_labels, train_learnt
from xiangyin.commands.failure import failed
from xiangyin.commands.parsers import Subcommands
from xiangyin.loading import load_settings
from xiangyin.settings import BOT_PYTHON, PROJECT, TRIAGE_MODEL, Settings

DATA = PROJECT / "data"

EXAMPLES = """\
例子：
  xiangyin train                       例句改过就重新训练；有新的更正就学一遍，不比原来差才换上
  xiangyin train --history 旧件.csv --text 内容 --kind 类型 --domain 领域
                                       连同县里自己的旧件一起学
  xiangyin train --in 旧件.csv --text 内容 --label 承办部门 --out 部门.npz
                                       训练一个自己标签的模型，给 xiangyin classify --model 用
"""


def register(subcommands: Subcommands) -> None:
    parser = subcommands.add_parser(
        "train",
        help="训练机器人和分类模型，学干部的更正；数据没有变化时跳过",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--again", action="store_true", help="没有变化也重新训练")
    parser.add_argument("--force", metavar="理由", help="新模型比原来差也换上，写明理由，记入审计")
    parser.add_argument("--rollback", action="store_true", help="换回上一个模型")
    history = parser.add_argument_group("连同本地旧件一起学")
    history.add_argument("--history", type=Path, metavar="文件.csv", help="旧件的表格")
    history.add_argument("--kind", metavar="列", help="写着类型（投诉、求助……）的列")
    history.add_argument("--domain", metavar="列", help="写着领域的列")
    history.add_argument("--forget-history", action="store_true", help="以后不再学旧件")
    labels = parser.add_argument_group("自己的标签")
    labels.add_argument("--in", dest="input", type=Path, metavar="文件.csv", help="要学的表格")
    labels.add_argument("--label", metavar="列", help="写着标签的列")
    labels.add_argument("--out", type=Path, metavar="模型", help="模型写到哪里")
    parser.add_argument("--text", metavar="列", help="写着群众原话的列（旧件或自己的标签）")
    parser.set_defaults(execute=execute, misused=parser.error)


def execute(args: argparse.Namespace) -> int:
    _check_together(args)
    if args.input:
        return train_labels.execute(args.input, args.text, args.label, args.out)
    settings = load_settings()
    if args.rollback:
        return models.roll_back(settings)
    if code := train(again=args.again):
        return code
    return train_learnt.execute(settings, args)


def _check_together(args: argparse.Namespace) -> None:
    """Options that go together, or not. Exits with 2."""
    if args.input or args.out or args.label:
        if not (args.input and args.text and args.label and args.out):
            args.misused("自己的标签要写全：--in 文件 --text 列 --label 列 --out 模型")
        if args.history or args.rollback or args.force or args.kind or args.domain:
            args.misused("--in 不能和 --history、--force、--rollback 一起用")
        return
    history = (args.history, args.text, args.kind, args.domain)
    if any(history) and not all(history):
        args.misused("旧件要写全：--history 文件 --text 列 --kind 列 --domain 列")
    if args.force is not None and not args.force.strip():
        args.misused("--force 后面要写理由")


def train_at_start(settings: Settings) -> int:
    """What must be trained before the app starts: the bot and the triage where the program brought
    other data, and then the installation's own model anew, its corrections in it. Exit code."""
    return train() or train_learnt.renew(settings)


def train(*, again: bool = False) -> int:
    """Train what is not of the present data, or all with `again`; exit code."""
    if not BOT_PYTHON.exists():
        return failed("机器人的环境还没有安装，请先运行 make install")
    options = ["--force"] if again else []
    # Its own output is the progress shown; Ctrl-C reaches it too, being in our session.
    done = subprocess.run(  # noqa: S603
        [BOT_PYTHON, "-m", "bot", "train", *options],
        cwd=PROJECT,
        preexec_fn=end_with_parent(os.getpid()),
        check=False,
    )
    if done.returncode:
        return done.returncode
    return _train_triage(TRIAGE_MODEL, again=again)


def _train_triage(model: Path, *, again: bool) -> int:
    if not again and is_current(DATA, model):
        return 0
    # Imported here: scikit-learn takes seconds.
    from backend.triage.training import train as train_triage

    print(f"triage: training from {DATA / 'triage'} (about five minutes) …", flush=True)
    before = time.monotonic()
    model.parent.mkdir(parents=True, exist_ok=True)
    try:
        train_triage(DATA, model, now=SystemClock().now())
    except ExamplesError as error:
        return failed(f"分类的例句有误：{error}")
    print(f"triage: trained in {time.monotonic() - before:.1f} s", flush=True)
    return 0
