"""The table of all figures, where the data from outside are not at hand."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from backend.triage.model import card_of
from benchmarks import understanding
from benchmarks.report import RESULTS, Target
from tests.services.required import require_service
from xiangyin.cli import main
from xiangyin.settings import TRIAGE_MODEL


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    require_service(TRIAGE_MODEL.exists(), "no triage model")
    for file in (TRIAGE_MODEL, card_of(TRIAGE_MODEL)):
        shutil.copy(file, tmp_path)
    monkeypatch.setattr(understanding, "TRIAGE_MODEL", tmp_path / TRIAGE_MODEL.name)
    return tmp_path / TRIAGE_MODEL.name


@pytest.mark.parametrize(("measured", "code"), [(95.0, 0), (89.0, 1)])
def test_what_can_be_measured_is_told_and_noted_on_the_card(
    model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    measured: float,
    code: int,
) -> None:
    given: list[Path] = []

    def part(_data: Path, asked: Path) -> list[Target]:
        given.append(asked)
        return [Target("places, F1, %", measured, at_least=90.0), Target("  told, %", 1.0)]

    monkeypatch.setattr(understanding, "OF_PROJECT", (part,))
    before = (RESULTS / "understanding.json").read_bytes()
    assert understanding.main(tmp_path / "nowhere") == code
    said = capsys.readouterr().out
    assert ("✓" in said) is (code == 0)
    assert f"left out, for want of {tmp_path / 'nowhere'}" in said
    noted = json.loads(card_of(model).read_text(encoding="utf-8"))["measured"]
    assert (noted["places, F1, %"], noted["told, %"]) == (measured, 1.0)
    assert given == [model]
    assert (RESULTS / "understanding.json").read_bytes() == before


def test_a_folder_that_is_not_there_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", "--data", str(tmp_path / "none")]) == 1
    assert f"没有 {tmp_path / 'none'} 这个文件夹" in capsys.readouterr().err
