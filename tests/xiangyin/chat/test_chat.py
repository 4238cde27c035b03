"""`xiangyin chat`, the whole of it: the real bot, the real conversation, a database."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from backend.clock import SystemClock
from backend.conversation.arrivals import Arrival, Arrivals
from backend.database.engine import Database
from backend.organisation.accounts import ensure_accounts
from backend.ports import Inbound, MessageKind
from tests.services.required import require_service
from xiangyin.cli import main
from xiangyin.preparation import prepare_database
from xiangyin.settings import BOT_PYTHON, PROJECT, TRIAGE_MODEL

NUMBER = re.compile(r"\d{8}-\d{4,}-\d")
SECONDS = 300  # it trains first where the data have changed
LAMP = "柳河镇新民村的路灯坏了半个月了，没人管"


@pytest.fixture(autouse=True)
def _installed() -> None:
    found = BOT_PYTHON.exists() and TRIAGE_MODEL.exists()
    require_service(found, "the bot is not installed and trained")


def chat(*arguments: object, typed: str = "") -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if "XIANGYIN_" not in name}
    return subprocess.run(
        [sys.executable, "-m", "xiangyin", "chat", *map(str, arguments)],
        cwd=PROJECT, env={**environment, "XIANGYIN_CONFIG": os.devnull}, input=typed,
        capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip


def test_dialogues_are_played_and_know_nothing_of_each_other(tmp_path: Path) -> None:
    script = tmp_path / "dialogues.jsonl"
    dialogues: list[Any] = [
        {
            "dialogue": "lamp",
            "channel": "sms",
            "turns": [
                {"say": LAMP},
                {"photo": True},
                {"say": "对"},
                {"wait": "24h"},
                {"answer": "路灯已经修好。"},
                {"say": "5"},
            ],
        },
        {"dialogue": 2, "channel": "wechat", "turns": [LAMP, "对", {"photo": "nowhere.jpg"}]},
        ["转人工", "退订", {"answer": "好的"}, "\ud83d", ""],
    ]
    script.write_text("\n".join(map(json.dumps, dialogues)), encoding="utf-8")
    done = chat("--script", script)
    assert done.returncode == 0, done.stderr
    lamp, again, third = map(json.loads, done.stdout.splitlines())

    assert [lamp["dialogue"], again["dialogue"], third["dialogue"]] == ["lamp", 2, "第 3 行"]
    (petition,) = lamp["stored"]["petitions"]
    assert petition["text"] == LAMP
    assert petition["kind"] == "complaint"
    assert petition["place"] == "柳河镇新民村"
    assert (petition["state"], petition["rating"]) == ("closed", 5)
    assert petition["answer"] == "路灯已经修好。"
    said, photo, confirmed, waited, answered, rated = lamp["turns"]
    assert said["say"] == LAMP
    assert photo["notes"] == ["短信只能发文字，这一步没有发出"]
    assert petition["number"] in "".join(confirmed["replies"])
    assert waited["replies"] == []
    assert any("路灯已经修好。" in reply for reply in answered["replies"])
    assert len(rated["replies"]) == len(rated["sms_parts"]) == 1
    assert all(parts <= 2 for turn in lamp["turns"] for parts in turn["sms_parts"])

    # Numbers begin anew: the first dialogue's petition is not there any more.
    (other,) = again["stored"]["petitions"]
    assert other["number"] == petition["number"]
    assert other["photos"] == 1
    assert other["state"] == "received"
    assert again["turns"][2]["notes"] == ["没有 nowhere.jpg 这个文件，发的是一张示意图"]

    assert third["channel"] == "wechat"
    assert third["stored"]["petitions"] == []
    assert [each["text"] for each in third["stored"]["handovers"]] == ["转人工"]
    assert [each["decision"] for each in third["stored"]["opt_outs"]] == ["opt_out"]
    assert third["turns"][2]["notes"] == ["还没有可以答复的诉求"]


def test_a_person_talks_and_what_was_filed_stays_in_the_database(tmp_path: Path) -> None:
    database = tmp_path / "try.db"
    typed = f"{LAMP}\n/nope\n\n对\n/stored\n/quit\nnever read\n"
    done = chat("--channel", "sms", "--database", database, typed=typed)
    assert done.returncode == 0, done.stderr
    assert "没有 /nope 这个命令" in done.stdout
    assert "乡音> " in done.stdout
    assert "never read" not in done.stdout
    number = NUMBER.search(done.stdout)
    assert number

    # The next citizen of the same database gets the next number.
    script = tmp_path / "one.jsonl"
    script.write_text(json.dumps([LAMP, "对"]), encoding="utf-8")
    played = chat("--channel", "wechat", "--database", database, "--script", script)
    assert played.returncode == 0, played.stderr
    (petition,) = json.loads(played.stdout)["stored"]["petitions"]
    assert petition["number"] != number[0]


async def test_a_database_of_real_citizens_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "real.db"
    database = Database(f"sqlite+aiosqlite:///{file}")
    try:
        await prepare_database(database)
        async with database.write() as connection:
            await ensure_accounts(connection, [("town", "wechat", "qinghe")])
        inbound = Inbound("wechat", "town", "甲", "m1", MessageKind.TEXT, "你好")
        await Arrivals(database, SystemClock()).store([Arrival(inbound)])
    finally:
        await database.close()
    done = chat("--database", file)
    assert done.returncode == 1
    assert "这个数据库里有真实的群众" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_script_is_said_before_anything_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "dialogues.jsonl"
    script.write_text('["你好"]\n{"turns": [{"sagt": "x"}]}\n', encoding="utf-8")
    assert main(["chat", "--script", str(script)]) == 1
    assert "第 2 行，turns 第 1 个：里面是 sagt" in capsys.readouterr().err
    assert main(["chat", "--script", str(tmp_path / "none.jsonl")]) == 1
    assert "No such file" in capsys.readouterr().err
