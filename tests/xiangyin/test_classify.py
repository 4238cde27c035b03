"""`xiangyin classify` and `xiangyin mask`, run as people run them."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from backend.catalogue import load_catalogue
from backend.petitions.rules import SENTIMENTS
from backend.triage.features import build_vocabulary
from backend.triage.label_model import LabelModel, save_label_model
from backend.triage.linear import Question, fit, question_of
from tests.services.required import require_service
from xiangyin.cli import main
from xiangyin.settings import PROJECT, TRIAGE_MODEL

TEXTS = [
    "柳河镇新民村的路灯坏了半个月了，没人管，晚上不敢出门",
    "",
    "老公，晚上吃什么",
    "📢我家住１２号，\n自來水發黃三天了，“喝不了”",
]
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def command(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        return code, *capsys.readouterr()

    return command


@pytest.fixture(autouse=True)
def _installation(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of its own, without a database."""
    require_service(TRIAGE_MODEL.exists(), "no triage model")
    for variable in [name for name in os.environ if name.startswith("XIANGYIN_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("XIANGYIN_CONFIG", os.devnull)
    monkeypatch.setenv("XIANGYIN_VAR_DIR", str(tmp_path_factory.mktemp("var")))


def write(file: Path, texts: Sequence[str] = TEXTS, codec: str = "utf-8") -> Path:
    with file.open("w", encoding=codec, newline="") as opened:
        out = csv.writer(opened)
        out.writerow(["编号", "内容", "来源"])
        out.writerows((number, text, "微信") for number, text in enumerate(texts, 1))
    return file


def read(file: Path, codec: str = "utf-8") -> list[dict[str, str]]:
    with file.open(encoding=codec, newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gb18030"])
def test_every_text_is_read_and_nothing_else_touched(run: Run, tmp_path: Path, codec: str) -> None:
    source, target = write(tmp_path / "in.csv", codec=codec), tmp_path / "out.csv"
    code, said, _ = run("classify", "--in", source, "--text", "内容", "--out", target)
    assert code == 0
    assert "读了 4 行，其中 1 行没有文字（编码 " in said
    rows = read(target, codec)
    assert list(rows[0]) == [
        "编号", "内容", "来源", "kind", "kind_confidence", "domain", "domain_name",
        "domain_confidence", "domain_2", "domain_3", "urgency", "sensitive", "places", "since",
        "summary", "sentiment",
    ]  # fmt: skip
    assert [(row["编号"], row["内容"], row["来源"]) for row in rows] == [
        (str(number), text, "微信") for number, text in enumerate(TEXTS, 1)
    ]
    services = load_catalogue(PROJECT / "data" / "catalogue").services
    for row in rows:
        assert 0 <= float(row["kind_confidence"]) <= 1
        assert row["sentiment"] in ((*SENTIMENTS,) if row["内容"] else ("",))
        assert row["urgency"] in ("low", "normal", "high", "emergency")
        for place in json.loads(row["places"]):
            assert row["内容"][place["start"] : place["end"]] == place["text"]
        if row["内容"]:
            assert services[row["domain"]].name == row["domain_name"]
            assert {row["domain_2"], row["domain_3"]} < set(services)
    lamp, nothing, chat, water = rows
    assert (lamp["kind"], lamp["since"]) == ("投诉", "半个月了")
    assert json.loads(lamp["places"]) == [
        {"text": "柳河镇新民村", "start": 0, "end": 6, "code": "990101102210"}
    ]
    assert "路灯坏了" in lamp["summary"]
    assert (nothing["kind"], nothing["domain"], nothing["places"]) == ("无关", "", "[]")
    assert chat["kind"] == "无关"
    assert (water["domain_name"], water["since"]) == ("水电气与通信", "三天了")


def test_with_a_model_of_labels_only_its_columns_are_added(run: Run, tmp_path: Path) -> None:
    groups = {"水": ["停水三天", "水管爆了", "水费太贵"], "路": ["路灯坏了", "路面塌了", "修路慢"]}
    labels = [label for label, texts in groups.items() for _ in texts]
    asked = question_of([text for texts in groups.values() for text in texts], labels)
    vocabulary = build_vocabulary(asked.documents, least=1)
    question = Question(asked.documents, asked.labels, asked.examples)
    save_label_model(
        LabelModel(vocabulary, fit(question, vocabulary, 0.3), {}), tmp_path / "own.npz"
    )
    source = write(tmp_path / "in.csv", ["停水三天了", "", "路灯坏了"])
    for model in ("own.npz", "own"):
        target = tmp_path / f"out-{model}.csv"
        code, _, _ = run(
            "classify", "--in", source, "--text", "内容", "--out", target,
            "--model", tmp_path / model,
        )  # fmt: skip
        assert code == 0
        rows = read(target)
        assert list(rows[0])[3:] == [
            "predicted", "predicted_confidence", "predicted_2", "predicted_3",
        ]  # fmt: skip
        assert [row["predicted"] for row in rows] == ["水", "", "路"]
        assert [row["predicted_2"] for row in rows] == ["路", "", "水"]
        assert {row["predicted_3"] for row in rows} == {""}
        assert float(rows[0]["predicted_confidence"]) > 0.5


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--text", "正文"), "没有“正文”这一列，有的列是：编号、内容、来源"),
        (("--text", "内容", "--model", "none/m"), "none/m.json: No such file"),
        (("--text", "内容", "--out", "none/out.csv"), "没有 none 这个文件夹"),
        (("--text", "内容", "--out", "."), "是文件夹"),
        (("--text", "内容", "--in", "none/in.csv"), "none/in.csv：No such file"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    source = write(tmp_path / "in.csv")
    target = tmp_path / "out.csv"
    code, _, wrong = run("classify", "--in", source, "--out", target, *arguments)
    assert (code, said in wrong) == (1, True), wrong
    assert "Traceback" not in wrong
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_a_database_that_is_away_is_said_without_its_password(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free_port: Callable[[], int]
) -> None:
    url = f"postgresql://u:hunter2@127.0.0.1:{free_port()}/x"
    monkeypatch.setenv("XIANGYIN_DATABASE_URL", url)
    source, target = write(tmp_path / "in.csv"), tmp_path / "out.csv"
    code, _, wrong = run("classify", "--in", source, "--text", "内容", "--out", target)
    assert (code, "数据库读不了" in wrong, "hunter2" in wrong) == (1, True, False)


def test_it_runs_as_a_program_of_its_own(tmp_path: Path) -> None:
    source, target = write(tmp_path / "in.csv"), tmp_path / "out.csv"
    done = subprocess.run(
        [sys.executable, "-m", "xiangyin", "classify", "--in", source, "--text", "内容",
         "--out", target],
        cwd=PROJECT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert len(read(target)) == len(TEXTS)


def test_mask_hides_people_in_one_column_only(run: Run, tmp_path: Path) -> None:
    texts = [
        "我叫刘桂兰，电话１３８００００１２３４，\n自来水停了五天",
        "身份证990101196803120017，卡号6222000000000000123，欠我3200元",
        "",
    ]
    source, target = write(tmp_path / "in.csv", texts, "gb18030"), tmp_path / "out.csv"
    code, said, _ = run("mask", "--in", source, "--text", "内容", "--out", target)
    assert (code, "读了 3 行（编码 GB18030）" in said) == (0, True)
    rows = read(target, "gb18030")
    masked = [row["内容"] for row in rows]
    for secret in ("桂兰", "０００", "990101196803120017", "6222000000000000123"):
        assert not any(secret in text for text in masked), masked
    assert masked[0].endswith("，\n自来水停了五天")
    assert masked[1].endswith("欠我3200元")
    assert masked[2] == ""
    assert [(row["编号"], row["来源"]) for row in rows] == [
        ("1", "微信"),
        ("2", "微信"),
        ("3", "微信"),
    ]
    missing = run("mask", "--in", source, "--text", "x", "--out", target)
    assert (missing[0], "没有“x”这一列" in missing[2]) == (1, True)


def test_personal_data_at_the_end_of_a_long_text_is_masked_too(run: Run, tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv", ["路不好走，一下雨就都是泥。" * 500 + "电话13800001234"])
    target = tmp_path / "out.csv"
    assert run("mask", "--in", source, "--text", "内容", "--out", target)[0] == 0
    (row,) = read(target)
    assert "13800001234" not in row["内容"]
