"""Excel files for set-up: templates with an explained example, and the list of passwords. Blocks:
call it from a thread."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import xlsxwriter

_WIDTH = 26
_ROWS = 1_000


def template(
    sheet: str,
    titles: Sequence[str],
    explained: Sequence[str],
    examples: Sequence[Sequence[str]],
    choices: Mapping[str, Sequence[str]],
) -> bytes:
    """A sheet of titles, a line that explains each, example lines (both are skipped when it is
    uploaded), and lists to choose from by title."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        bold = book.add_format({"bold": True, "bg_color": "#E3F1ED", "bottom": 1})
        soft = book.add_format({"italic": True, "font_color": "#55625D", "text_wrap": True,
                                "valign": "top"})  # fmt: skip
        text = book.add_format({"num_format": "@"})  # codes stay text
        page = book.add_worksheet(sheet)
        page.set_column(0, len(titles) - 1, _WIDTH, text)
        page.freeze_panes(1, 0)
        for place, title in enumerate(titles):
            page.write_string(0, place, title, bold)
            page.write_string(1, place, explained[place], soft)
            if choices.get(title):
                _offer(book, page, place, title, choices[title])
        for number, example in enumerate(examples, 2):
            for place, words in enumerate(example):
                page.write_string(number, place, words, soft)
    return buffer.getvalue()


def listing(sheet: str, titles: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    """A sheet of titles and rows of text, exactly as given: a password may begin with a minus."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        bold = book.add_format({"bold": True, "bg_color": "#E3F1ED", "bottom": 1})
        page = book.add_worksheet(sheet)
        page.set_column(0, len(titles) - 1, _WIDTH)
        for place, title in enumerate(titles):
            page.write_string(0, place, title, bold)
        for number, row in enumerate(rows, 1):
            for place, words in enumerate(row):
                page.write_string(number, place, words)
    return buffer.getvalue()


def _offer(
    book: xlsxwriter.Workbook,
    page: xlsxwriter.worksheet.Worksheet,
    place: int,
    title: str,
    choices: Sequence[str],
) -> None:
    """A list to choose from; a sheet of its own holds it, since Excel bounds its length."""
    listed = book.add_worksheet(f"可选的{title}")
    for number, choice in enumerate(choices):
        listed.write_string(number, 0, choice)
    listed.set_column(0, 0, _WIDTH)
    source = f"='可选的{title}'!$A$1:$A${len(choices)}"
    page.data_validation(1, place, _ROWS, place, {"validate": "list", "source": source,
                                                  "error_type": "warning"})  # fmt: skip
