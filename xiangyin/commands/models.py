"""`xiangyin models`: which models there are, which one serves, and back to the one before."""

from __future__ import annotations

import argparse
from datetime import datetime

from backend.clock import SHANGHAI, SystemClock
from backend.learning.lessons import CORRECTION, HISTORY
from backend.learning.shelf import SHIPPED, ShelfError, ShelvedModel
from xiangyin import model_service
from xiangyin.commands.failure import failed
from xiangyin.commands.parsers import Subcommands
from xiangyin.loading import load_settings
from xiangyin.model_service import shelf_of
from xiangyin.settings import Settings
from xiangyin.trial_table import aligned

TITLES = ("  模型", "训练于", "更正", "旧件", "领域正确率", "类型正确率", "数据", "")
REFUSALS = {
    "unknown": "没有这个模型；xiangyin models 列出全部模型",
    "nothing_before": "现在用的就是自带的模型，没有更早的可退",
}


def register(subcommands: Subcommands) -> None:
    parser = subcommands.add_parser("models", help="列出分类模型，换用或退回")
    parser.set_defaults(execute=lambda _args: show(load_settings()))
    actions = parser.add_subparsers(title="操作", metavar="操作")
    back = actions.add_parser("rollback", help="换回上一个模型")
    back.set_defaults(execute=lambda _args: roll_back(load_settings()))
    using = actions.add_parser("use", help="换用一个留着的模型")
    using.add_argument("name", metavar="模型", help="xiangyin models 列出的名字")
    using.add_argument("--reason", required=True, metavar="理由", help="记入审计")
    using.set_defaults(execute=_use)


def show(settings: Settings) -> int:
    """Print the models, newest first."""
    found = shelf_of(settings).models()
    if not found:
        return failed("还没有模型，先运行 xiangyin train")
    rows = [TITLES, *(_row(model) for model in found)]
    print("\n".join(line.rstrip() for line in aligned(rows)))
    if all(not model.in_service for model in found):
        serving = shelf_of(settings).in_service()
        return failed(f"正在用的 {serving} 读不了，先用自带的；运行 xiangyin models rollback")
    return 0


def roll_back(settings: Settings) -> int:
    """Back to the model before; exit code."""
    try:
        name, unwritten = model_service.roll_back(settings, SystemClock())
    except ShelfError as error:
        return failed(REFUSALS.get(error.problem, f"换不回去：{error.detail}"))
    print(f"已换回 {_title(name)}，正在运行的乡音几秒内就用它")
    if unwritten:
        print(unwritten)
    return 0


def _use(args: argparse.Namespace) -> int:
    settings = load_settings()
    if not args.reason.strip():
        return failed("要写明理由")
    try:
        unwritten = model_service.put_in_service(
            settings, args.name, SystemClock(), reason=args.reason, not_worse=None
        )
    except ShelfError as error:
        return failed(REFUSALS.get(error.problem, f"换不上：{error.detail}"))
    print(f"已换上 {_title(args.name)}，正在运行的乡音几秒内就用它")
    if unwritten:
        print(unwritten)
    return 0


def _row(model: ShelvedModel) -> tuple[str, ...]:
    card = model.card
    lessons = card.get("lessons", {})
    cross = card["cross_validation"]
    when = datetime.fromisoformat(card["trained_at"]).astimezone(SHANGHAI)
    return (
        ("→ " if model.in_service else "  ") + _title(model.name),
        f"{when:%Y-%m-%d %H:%M}",
        str(lessons.get(CORRECTION, 0)),
        str(lessons.get(HISTORY, 0)),
        f"{100 * cross['domain']['accuracy']:.1f}%",
        f"{100 * cross['kind']['accuracy']:.1f}%",
        str(card["data_digest"])[:8],
        "正在用" if model.in_service else _outcome(model),
    )


def _outcome(model: ShelvedModel) -> str:
    if "taken" not in model.card:
        return ""
    return "用过" if model.card["taken"] else f"没有换上：{model.card['reason']}"


def _title(name: str) -> str:
    return "shipped（自带）" if name == SHIPPED else name
