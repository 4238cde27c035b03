"""The part of `xiangyin train` that learns from officials: a new model, tried against the one in
service, and put there if it is not worse."""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from backend.clock import SystemClock
from backend.learning.freshness import has_outgrown, made_of
from backend.learning.lessons import CORRECTION, HISTORY
from backend.learning.shelf import SHIPPED, Shelf
from backend.triage.examples import ExamplesError, TrainingData, load_training_data, training_digest
from backend.triage.rules import RulesError
from xiangyin.commands.failure import DATABASE_ERRORS, database_reason, failed
from xiangyin.history_file import HistoryColumns, HistoryRead, read_history
from xiangyin.lessons import OldSchema, Taught, read_lessons
from xiangyin.model_service import put_in_service, shelf_of
from xiangyin.preparation import DATA
from xiangyin.settings import Settings
from xiangyin.table_files.refusal import TableRefused
from xiangyin.trial_table import counts_words, fault_words, trial_table

if TYPE_CHECKING:
    from backend.learning.course import Candidate

RULES = DATA / "rules"
MOST_UNKNOWN = 8


def execute(settings: Settings, args: argparse.Namespace) -> int:
    """Learn what there is to learn; exit code."""
    shelf, authored = shelf_of(settings), _authored()
    if authored is None:
        return 1
    try:
        taught = asyncio.run(read_lessons(settings, shelf, authored))
    except OldSchema:
        return failed("数据库还是旧版本，先运行 xiangyin migrate，才学得到干部的更正")
    except DATABASE_ERRORS as error:
        return failed(f"数据库用不了，这次没有学干部的更正：{database_reason(error)}")
    if args.history or args.forget_history:
        changed = _change_history(shelf, args, authored, taught)
        if changed is None:
            return 1
        taught = asyncio.run(read_lessons(settings, shelf, authored))
    if not taught.lessons.taught and shelf.in_service() == SHIPPED:
        return 0
    made = made_of(shelf, authored.digest, taught.lessons)
    if made is None or args.again:
        return _learn(settings, shelf, authored, taught, force=args.force)
    if args.force and not made.in_service:
        return _take(settings, shelf, made.name, reason=args.force, not_worse=False)
    state = "正在用" if made.in_service else "没有换上"
    print(f"更正和例句没有变化，不必重新训练；用它们训练的 {made.name} {state}")
    return 0


def renew(settings: Settings) -> int:
    """Before the start: where the installation's own model is of older examples than the program's,
    make it anew with its corrections. A database that is away does not hold up the start."""
    shelf = shelf_of(settings)
    try:
        if not has_outgrown(shelf, training_digest(DATA)):
            return 0
        authored = load_training_data(DATA)
        taught = asyncio.run(read_lessons(settings, shelf, authored, migrating=True))
    except ExamplesError as error:
        return failed(f"分类的例句有误：{error}")
    except DATABASE_ERRORS as error:
        print(f"数据库暂时用不了，县里自己的模型先用旧的：{database_reason(error)}", flush=True)
        return 0
    return _learn(settings, shelf, authored, taught, force=None)


def _authored() -> TrainingData | None:
    try:
        return load_training_data(DATA)
    except ExamplesError as error:
        failed(f"分类的例句有误：{error}")
        return None


def _change_history(
    shelf: Shelf, args: argparse.Namespace, authored: TrainingData, taught: Taught
) -> HistoryRead | None:
    """Take the table's rows in place of what was kept, or forget them; None: it said why not."""
    if args.forget_history:
        shelf.keep_history([])
        print("旧件已从这里删去，以后不再学")
        return HistoryRead()
    columns = HistoryColumns(args.text, args.kind, args.domain)
    try:
        found = read_history(args.history, columns, authored.kind_names, taught.domain_names)
    except TableRefused as error:
        failed(str(error))
        return None
    except OSError as error:
        failed(f"读不到 {args.history}：{error.strerror}")
        return None
    print(_history_words(args.history.name, found), flush=True)
    if not found.lessons:
        failed("没有一条可以学的，原来的旧件没有动")
        return None
    shelf.keep_history(found.lessons)
    return found


def _history_words(name: str, found: HistoryRead) -> str:
    words = f"{name}（{found.encoding}）：学 {len(found.lessons)} 条"
    if found.empty:
        words += f"；内容是空的 {found.empty} 条"
    if found.unknown:
        listed = "、".join(
            f"{column}“{value}”{count} 条"
            for (column, value), count in found.unknown.most_common(MOST_UNKNOWN)
        )
        more = "等" if len(found.unknown) > MOST_UNKNOWN else ""
        words += f"；名单里没有的 {found.unknown.total()} 条（{listed}{more}）"
    return words


def _learn(
    settings: Settings, shelf: Shelf, authored: TrainingData, taught: Taught, *, force: str | None
) -> int:
    from backend.learning.course import make_candidate  # scikit-learn takes seconds

    lessons = taught.lessons
    counts = {
        "authored": len(authored.examples),
        CORRECTION: lessons.count(CORRECTION),
        HISTORY: lessons.count(HISTORY),
    }
    print(f"诉求分类：从{counts_words(counts)}学习，约需一分钟……", flush=True)
    if lessons.left_out:
        print(f"  另有 {lessons.left_out} 条的领域已经停用，或者例子太少，没有学")
    begun = time.monotonic()
    try:
        made = make_candidate(
            shelf, authored, lessons, taught.domain_names, RULES, now=SystemClock().now()
        )
    except (RulesError, OSError) as error:
        return failed(f"没有训练成：{error}")
    names = {"kind": made.card["kinds"], "domain": made.card["domains"]}
    print("\n".join(trial_table(made.comparison, names)))
    print(f"\n{_trial_words(made)}（用时 {time.monotonic() - begun:.0f} 秒）")
    return _decide(settings, shelf, made, names, force)


def _trial_words(made: Candidate) -> str:
    words = (
        f"两个模型都没有学过的 {sum(made.trials.values())} 条（{counts_words(made.trials)}）上，"
        f"{made.name} 与 {made.against} 相比如上。"
    )
    if made.corrected is not None:
        old, new = made.corrected
        words += f"其中更正过的，领域判对的从 {old:.0%} 变为 {new:.0%}。"
    return words


def _decide(
    settings: Settings,
    shelf: Shelf,
    made: Candidate,
    names: Mapping[str, Mapping[str, str]],
    force: str | None,
) -> int:
    faults = "；".join(fault_words(fault, names) for fault in made.comparison.faults)
    if made.comparison.not_worse or force:
        reason = force if faults and force else "不比原来差"
        return _take(settings, shelf, made.name, reason=reason, not_worse=made.comparison.not_worse)
    shelf.note_outcome(made.name, taken=False, reason=faults)
    print(
        f"没有换上，原来的继续用：{faults}。\n"
        f"新模型留着：xiangyin models；确实要用：xiangyin models use {made.name} --reason 理由"
    )
    return 0


def _take(
    settings: Settings, shelf: Shelf, name: str, *, reason: str, not_worse: bool | None
) -> int:
    shelf.note_outcome(name, taken=True, reason=reason)
    unwritten = put_in_service(settings, name, SystemClock(), reason=reason, not_worse=not_worse)
    shelf.tidy()
    print(f"已换上 {name}，正在运行的乡音几秒内就用它；不好用就退回：xiangyin models rollback")
    if unwritten:
        print(unwritten)
    return 0
