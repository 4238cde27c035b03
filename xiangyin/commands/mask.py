"""`xiangyin mask`: make personal data in one column of a table unreadable."""

from __future__ import annotations

import argparse
from pathlib import Path

from backend.triage.masking import mask
from xiangyin.commands.failure import failed
from xiangyin.commands.parsers import Subcommands
from xiangyin.table_files.reading import open_table
from xiangyin.table_files.refusal import TableRefused
from xiangyin.table_files.writing import change_column


def register(subcommands: Subcommands) -> None:
    parser = subcommands.add_parser(
        "mask", help="遮住一张 CSV 表里的姓名、电话、证件号、车牌、卡号、门牌"
    )
    parser.add_argument("--in", dest="source", required=True, type=Path, metavar="文件",
                        help="CSV 表，第一行是表头；UTF-8 或 GB18030（GBK）都可以")  # fmt: skip
    parser.add_argument("--text", required=True, metavar="列名", help="遮住哪一列，别的列不动")
    parser.add_argument("--out", required=True, type=Path, metavar="文件", help="结果写到哪里")
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    try:
        with open_table(args.source) as table:
            written = change_column(table, args.text, mask, args.out)
            print(f"读了 {written.rows} 行（编码 {table.encoding.name}），结果在 {args.out}")
    except TableRefused as error:
        return failed(str(error))
    except OSError as error:
        return failed(f"{error.filename or args.out}：{error.strerror}")
    return 0
