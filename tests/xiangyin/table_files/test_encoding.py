"""Tables come from Excel, from databases, from colleagues: in whatever encoding."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xiangyin.table_files.encoding import detect
from xiangyin.table_files.refusal import TableRefused

# Long enough that a character lies across two reads.
LONG = "编号,内容\n" + "1,柳河镇赵庄村路灯不亮\n" * 60_000


@pytest.mark.parametrize(
    ("codec", "name"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8（带 BOM）"),
        ("gb18030", "GB18030"),
        ("gbk", "GB18030"),
        ("utf-16", "UTF-16"),
    ],
)
def test_what_people_save_is_recognised(tmp_path: Path, codec: str, name: str) -> None:
    file = tmp_path / "表.csv"
    file.write_text(LONG, encoding=codec)
    found = detect(file)
    assert found.name == name
    assert file.read_text(encoding=found.codec) == LONG


def test_an_empty_file_and_plain_ascii_are_utf_8(tmp_path: Path) -> None:
    file = tmp_path / "表.csv"
    for content in (b"", b"a,b\n1,2\n"):
        file.write_bytes(content)
        assert detect(file).codec == "utf-8"


def test_what_is_no_text_is_refused_in_words(tmp_path: Path) -> None:
    file = tmp_path / "表.csv"
    file.write_bytes(b"\x89PNG\r\n\x1a\n\xff\xff\x00" * 3)
    with pytest.raises(TableRefused, match=r"表.csv：编码认不出来.*CSV UTF-8"):
        detect(file)
    file.write_bytes("开头".encode("utf-8-sig") + b"\xff")
    with pytest.raises(TableRefused, match="开头说是 UTF-8（带 BOM），后面却不是"):
        detect(file)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_utf_8_is_never_taken_for_anything_else(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    file = tmp_path_factory.mktemp("t") / "t.csv"
    file.write_bytes(b"x" + text.encode())
    assert detect(file).codec == "utf-8"
