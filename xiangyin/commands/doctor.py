"""`xiangyin doctor`: is everything as it should be, and if not, what to do."""

from __future__ import annotations

import argparse
import asyncio

from xiangyin.checks import Finding, State, check_all
from xiangyin.commands.parsers import Subcommands
from xiangyin.loading import load_settings

MARKS = {State.GOOD: "✓", State.NOTE: "!", State.BAD: "✗"}


def register(subcommands: Subcommands) -> None:
    parser = subcommands.add_parser(
        "doctor", help="检查设置、数据库、Redis、机器人、磁盘、渠道，并说出该怎么办"
    )
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    findings = asyncio.run(check_all(load_settings()))
    for finding in findings:
        print(_line(finding))
    bad = sum(finding.state is State.BAD for finding in findings)
    print(f"\n有 {bad} 处要处理。" if bad else "\n一切正常。")
    return 1 if bad else 0


def _line(finding: Finding) -> str:
    advice = f"\n    → {finding.advice}" if finding.advice else ""
    return f"{MARKS[finding.state]} {finding.subject}：{finding.fact}{advice}"
