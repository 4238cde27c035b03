"""`xiangyin classify`: read a table of texts and add what the machine makes of each."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from backend.catalogue import Catalogue
from backend.triage import classifier
from backend.triage.label_model import is_label_model, load_label_model
from backend.triage.model import ModelError
from backend.triage.own_words import own_words
from xiangyin.commands.failure import DATABASE_ERRORS, database_reason, failed
from xiangyin.commands.parsers import Subcommands
from xiangyin.entity_reader import load_entity_reader
from xiangyin.loading import load_settings
from xiangyin.model_service import shelf_of
from xiangyin.own_catalogue import read_catalogues
from xiangyin.settings import PROJECT, Settings
from xiangyin.table_files.label_cells import LABEL_COLUMNS, LabelCells
from xiangyin.table_files.reading import open_table
from xiangyin.table_files.refusal import TableRefused
from xiangyin.table_files.triage_cells import TRIAGE_COLUMNS, TriageCells
from xiangyin.table_files.writing import ReadTexts, Written, add_columns, check_target

SUFFIX = ".npz"


class _DatabaseAway(Exception):
    """Why, in one line."""


def register(subcommands: Subcommands) -> None:
    parser = subcommands.add_parser(
        "classify", help="给一张 CSV 表里的诉求分类：类别、领域、急缓、地点、摘要"
    )
    parser.add_argument("--in", dest="source", required=True, type=Path, metavar="文件",
                        help="CSV 表，第一行是表头；UTF-8 或 GB18030（GBK）都可以")  # fmt: skip
    parser.add_argument("--text", required=True, metavar="列名", help="哪一列是群众的原话")
    parser.add_argument("--out", required=True, type=Path, metavar="文件", help="结果写到哪里")
    parser.add_argument("--model", type=Path, metavar="模型",
                        help="用 xiangyin train --in … --out 训练的模型，按它的标签分")  # fmt: skip
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    try:
        with open_table(args.source) as table:
            # Said before models are loaded, which takes a moment.
            table.column(args.text)
            check_target(table, args.out)
            names, read = _reader(args.model)
            written = add_columns(table, args.text, names, read, args.out)
            print(_told(table.encoding.name, written, args.out))
    except ModelError as error:
        return failed(f"模型用不了：{error}")
    except TableRefused as error:
        return failed(str(error))
    except _DatabaseAway as error:
        return failed(f"数据库读不了，不知道本地的领域和地名：{error}")
    except OSError as error:
        return failed(f"{error.filename or args.out}：{error.strerror}")
    return 0


def _reader(model: Path | None) -> tuple[tuple[str, ...], ReadTexts]:
    """The columns to add and what reads them; a model of labels adds its own only."""
    if model is not None:
        model = model if model.suffix == SUFFIX else model.with_name(model.name + SUFFIX)
        if is_label_model(model):
            return LABEL_COLUMNS, LabelCells(load_label_model(model)).read
    settings = load_settings()
    catalogue, shipped = _catalogues(settings)
    cells = TriageCells(
        classifier.load(model or shelf_of(settings).serving_file(), PROJECT / "data" / "rules"),
        load_entity_reader(catalogue),
        catalogue.services,
        own_words(catalogue.services, shipped.services),
    )
    return TRIAGE_COLUMNS, cells.read


def _catalogues(settings: Settings) -> tuple[Catalogue, Catalogue]:
    """The deployment's and the shipped one."""
    try:
        return asyncio.run(read_catalogues(settings))
    except DATABASE_ERRORS as error:
        raise _DatabaseAway(database_reason(error)) from error


def _told(encoding: str, written: Written, target: Path) -> str:
    empty = f"，其中 {written.empty} 行没有文字" if written.empty else ""
    return f"读了 {written.rows} 行{empty}（编码 {encoding}），结果在 {target}"
