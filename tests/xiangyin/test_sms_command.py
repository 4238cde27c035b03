"""`xiangyin sms`: what a frame says, and how the accounts of a running app are."""

from __future__ import annotations

from typing import Any

import pytest

from channels.sms import smpp
from channels.sms.cmpp import Codec, Version
from channels.sms.cmpp.pdus import ActiveTest, Deliver, Report, Submit
from channels.sms.smpp.pdus import DeliverSm, EnquireLink, SubmitSmResp, Tlv
from xiangyin.commands import sms
from xiangyin.commands.sms import show_frames, show_status
from xiangyin.settings import Settings

CODEC = Codec(Version.V20)
PART = Deliver(
    msg_id=13528198653686644737,
    dest_id="10690000880012",
    tp_udhi=1,
    msg_fmt=8,
    src_terminal_id="13800138000",
    content=bytes.fromhex("0500037702 01".replace(" ", "")) + "常家沟".encode("utf-16-be"),
)


def test_frames_are_told_field_by_field(capsys: pytest.CaptureFixture[str]) -> None:
    frames = CODEC.encode(PART, 7) + CODEC.encode(ActiveTest(), 8)
    assert show_frames(frames.hex(" "), None) == 0
    told = capsys.readouterr().out
    assert "DELIVER（CMPP 2.0）" in told
    assert "Sequence_Id 7" in told
    assert "11-23 15:29:04，网关 1001，序号 1" in told
    assert "dest_id: 10690000880012" in told
    assert "第 1 段，共 2 段，编号 119" in told
    assert "内容：常家沟" in told
    assert "ACTIVE_TEST" in told


def test_a_report_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    report = CODEC.encode_report(Report(5, "MA:0054", "2611231529", "2611231530", "138", 7))
    frame = CODEC.encode(Deliver(registered_delivery=1, content=report), 1)
    assert show_frames(frame.hex(), "2.0") == 0
    assert "stat: MA:0054" in capsys.readouterr().out


def test_the_version_is_told_by_the_length(capsys: pytest.CaptureFixture[str]) -> None:
    submit = Submit(dest_terminal_id=("13800138000",), msg_fmt=8, content=b"\x8d\xef")
    for version, name in ((Version.V20, "2.0"), (Version.V30, "3.0")):
        assert show_frames(Codec(version).encode(submit, 1).hex(), None) == 0
        assert f"SUBMIT（CMPP {name}）" in capsys.readouterr().out


SMPP_PART = smpp.encode(
    DeliverSm(
        source_addr="13800138000",
        esm_class=0x40,
        data_coding=8,
        short_message=bytes.fromhex("050003770201") + "常家沟".encode("utf-16-be"),
        tlvs=(Tlv(0x1400, b"x"),),
    ),
    7,
)
SMPP_RECEIPT = smpp.encode(
    DeliverSm(esm_class=4, short_message=b"id:1A2B stat:UNDELIV err:034 text:"), 8
)


@pytest.mark.parametrize("protocol", [None, "smpp"])
def test_smpp_frames_are_told_without_being_named(
    protocol: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    refusal = smpp.encode(SubmitSmResp(status=0x58), 9)
    frames = SMPP_PART + SMPP_RECEIPT + refusal + smpp.encode(EnquireLink(), 10)
    assert show_frames(frames.hex(), None, protocol) == 0
    told = capsys.readouterr().out
    assert "deliver_sm（SMPP 3.4）" in told
    assert "sequence_number 7" in told
    assert "第 1 段，共 2 段，编号 119" in told
    assert "内容：常家沟" in told
    assert "0x1400 : 78" in told
    assert "状态报告：1A2B UNDELIV，错误码 034" in told
    assert "command_status: 0x00000058" in told
    assert "enquire_link" in told


def test_a_named_protocol_is_kept_to(capsys: pytest.CaptureFixture[str]) -> None:
    assert show_frames(SMPP_PART.hex(), None, "cmpp") == 1
    assert show_frames(CODEC.encode(PART, 7).hex(), None, "smpp") == 1
    assert "看不懂" in capsys.readouterr().err


@pytest.mark.parametrize(
    "given", ["", "zz", "abc", "00", "ffffffff0000000500000001", CODEC.encode(PART, 1).hex()[:-2]]
)
def test_what_is_no_frame_is_said(given: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert show_frames(given, None) == 1
    assert capsys.readouterr().err


WELL = {
    "ok": True,
    "detail": "1 条连接在线",
    "sessions": [
        {"state": "在线", "open_seconds": 61, "pending": 2, "window": 16, "trouble": "连接中断"}
    ],
    "counts": {"sent": 12, "received": 3},
    "waiting": 0,
    "last_error": "网关拒绝了一条短信，Result 是 13",
    "last_error_at": "2026-11-23T01:00:00+00:00",
}


@pytest.fixture
def settings(tmp_path: Any) -> Settings:
    account = {"channel": "sms", "provider": "cmpp"}
    return Settings(var_dir=tmp_path, accounts={"county": account, "wx": {"channel": "wechat"}})


def answering(
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    channels: dict[str, Any],
    carriers: list[dict[str, Any]] | None = None,
) -> None:
    async def ask(url: str, *, headers: Any) -> tuple[int, Any]:
        assert headers["Authorization"].startswith("Bearer ")
        return status, {"channels": channels, "carriers": carriers or []}

    monkeypatch.setattr(sms, "ask_http", ask)


def test_status(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answering(monkeypatch, 200, {"county": WELL, "wx": {"ok": False, "detail": "x"}})
    assert show_status(settings) == 0
    assert capsys.readouterr().out.splitlines() == [
        "✓ county：1 条连接在线",
        "  连接 1：在线，已 61 秒，窗口 2/16，上次断开：连接中断",
        "  启动以来：发出 12，收到 3",
        "  最近的错误：11-23 09:00:00 网关拒绝了一条短信，Result 是 13",
    ]


def test_status_of_accounts_that_stand_in_for_each_other(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    carrier = {
        "account": "county",
        "pool": "both",
        "share": 0.167,
        "weight": 10,
        "resting": 50,
        "reason": "errors",
        "changed_at": "2026-11-23T01:00:00+00:00",
    }
    answering(monkeypatch, 200, {"county": {"ok": True, "detail": "正常"}}, [carrier])
    assert show_status(settings) == 0
    assert capsys.readouterr().out.splitlines() == [
        "✓ county：正常",
        "  和 both 里别的账号分着发：现在占 17%，权重 10（平时 50），11-23 09:00:00 因出错多调低",
    ]


def test_status_of_an_account_that_is_not_well(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answering(monkeypatch, 200, {"county": {"ok": False, "detail": "连不上网关"}})
    assert show_status(settings) == 1
    assert "✗ county：连不上网关" in capsys.readouterr().out


def test_without_an_app_there_is_nothing_to_tell(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answering(monkeypatch, 404, {})
    assert show_status(settings) == 1

    async def nobody(url: str, *, headers: Any) -> tuple[int, Any]:
        raise OSError

    monkeypatch.setattr(sms, "ask_http", nobody)
    assert show_status(settings) == 1
    assert "xiangyin run" in capsys.readouterr().err
