"""`xiangyin sms`: how the running app's SMS accounts are, and what a CMPP or SMPP frame says."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from backend.clock import SHANGHAI
from channels.sms import smpp
from channels.sms.cmpp import CmppError, Codec, Framed, Version, decode_report
from channels.sms.cmpp.codec import LEAST_OCTETS, read_header
from channels.sms.cmpp.msg_id import MsgId
from channels.sms.cmpp.pdus import Deliver, Submit
from channels.sms.message_parts import decode_text, read_user_data
from channels.sms.smpp import SmppError
from xiangyin.commands import smpp_frames
from xiangyin.commands.failure import failed
from xiangyin.commands.parsers import Subcommands
from xiangyin.commands.sms_send import add_arguments
from xiangyin.loading import load_settings
from xiangyin.operator_health import PATH, operator_headers
from xiangyin.probes import ask_http
from xiangyin.settings import Settings

PROTOCOLS = ("cmpp", "smpp")
VERSIONS = {"3.0": Version.V30, "2.0": Version.V20}
COUNTS = {
    "sent": "发出",
    "delivered": "送达",
    "failed": "没送到",
    "refused": "被网关拒绝",
    "unknown": "结果不明",
    "flow_control": "被要求放慢",
    "not_sent": "没轮到发",
    "received": "收到",
    "not_stored": "没存下（未确认，网关会重送）",
    "no_template": "没有合用的模板",
}
WEIGHT_REASONS = {
    "start": "按设置",
    "errors": "因出错多调低",
    "slow": "因送达慢调低",
    "drift": "好转，正在恢复",
}
MONTHS, DAYS = range(1, 13), range(1, 32)


def register(subcommands: Subcommands) -> None:
    parser = subcommands.add_parser(
        "sms", help="看短信账号的状况，发测试短信，看懂 CMPP、SMPP 报文"
    )
    actions = parser.add_subparsers(title="操作", metavar="操作", required=True)
    status = actions.add_parser("status", help="各短信账号的连接、窗口、收发条数、最近的错误")
    status.set_defaults(execute=lambda _args: show_status(load_settings()))
    add_arguments(actions.add_parser("send", help="发一条测试短信，看结果"))
    decode = actions.add_parser(
        "decode", help="把十六进制的 CMPP、SMPP 报文逐项写出来（会显示号码和内容）"
    )
    decode.add_argument("hex", nargs="+", metavar="十六进制", help="一条或几条相连的报文，空格不计")
    decode.add_argument("--version", choices=VERSIONS, help="CMPP 的版本，不写则按长度判断")
    decode.add_argument("--protocol", choices=PROTOCOLS, help="协议，不写则按报文判断")
    decode.set_defaults(
        execute=lambda args: show_frames("".join(args.hex), args.version, args.protocol)
    )


def show_status(settings: Settings) -> int:
    """Ask the running app; exit code 1 where it is away or an account is not well."""
    try:
        proof = operator_headers(settings)
        status, body = asyncio.run(ask_http(f"{settings.local_url}{PATH}", headers=proof))
    except OSError:
        return failed(f"{settings.local_url} 没有回应，先运行 xiangyin run")
    if status != 200:
        return failed(f"{settings.local_url} 答 {status}：那个端口上是别的程序，或密钥不是这里的")
    accounts = [name for name, each in sorted(settings.accounts.items()) if each.channel == "sms"]
    if not accounts:
        return failed("没有短信账号，怎么接见 docs/sms.md")
    found = [body["channels"].get(name, {"ok": False, "detail": "没有运行"}) for name in accounts]
    shares = {each["account"]: each for each in body["carriers"]}
    for name, health in zip(accounts, found, strict=True):
        print("\n".join(_status_lines(name, health)))
        if name in shares:
            print(_share_line(shares[name]))
    return 0 if all(health["ok"] for health in found) else 1


def _status_lines(name: str, health: Mapping[str, Any]) -> Iterator[str]:
    yield f"{'✓' if health['ok'] else '✗'} {name}：{health['detail']}"
    for number, session in enumerate(health.get("sessions", ()), 1):
        since = session["open_seconds"]
        held = "" if since is None else f"，已 {since} 秒"
        trouble = f"，上次断开：{session['trouble']}" if session["trouble"] else ""
        window = f"窗口 {session['pending']}/{session['window']}"
        yield f"  连接 {number}：{session['state']}{held}，{window}{trouble}"
    counts = health.get("counts", {})
    told = [f"{word} {counts[key]}" for key, word in COUNTS.items() if counts.get(key)]
    if told:
        yield "  启动以来：" + "，".join(told)
    if health.get("waiting"):
        yield f"  等着发的：{health['waiting']}"
    if health.get("last_error"):
        at = datetime.fromisoformat(health["last_error_at"]).astimezone(SHANGHAI)
        yield f"  最近的错误：{at:%m-%d %H:%M:%S} {health['last_error']}"


def _share_line(carrier: Mapping[str, Any]) -> str:
    at = datetime.fromisoformat(carrier["changed_at"]).astimezone(SHANGHAI)
    return (
        f"  和 {carrier['pool']} 里别的账号分着发：现在占 {carrier['share']:.0%}，"
        f"权重 {carrier['weight']}（平时 {carrier['resting']}），"
        f"{at:%m-%d %H:%M:%S} {WEIGHT_REASONS[carrier['reason']]}"
    )


def show_frames(hexadecimal: str, version: str | None, protocol: str | None = None) -> int:
    """Print every frame in `hexadecimal`; exit code."""
    try:
        octets = bytes.fromhex(hexadecimal)
    except ValueError:
        return failed("这不是十六进制：只能有 0-9、a-f，且是偶数个")
    if not octets:
        return failed("没有报文")
    while octets:
        size = int.from_bytes(octets[:4], "big")  # in both protocols
        if size < LEAST_OCTETS:
            return failed(f"看不懂：长度写着 {size}，没有这么短的报文")
        try:
            print("\n".join(_lines(octets[:size], version, protocol)))
        except (CmppError, SmppError) as error:
            return failed(f"看不懂：{error}")
        octets = octets[size:]
    return 0


def _lines(frame: bytes, version: str | None, protocol: str | None) -> list[str]:
    """Of the protocol that fits. Raises CmppError, SmppError."""
    if protocol is None and version is None:
        # Where CMPP has its sequence, SMPP's requests and good answers have nothing but zeros.
        first, second = ("smpp", "cmpp") if not any(frame[8:12]) else ("cmpp", "smpp")
        try:
            return _lines(frame, None, first)
        except (CmppError, SmppError) as error:
            try:
                return _lines(frame, None, second)
            except (CmppError, SmppError):
                raise error from None
    if protocol == "smpp":
        return list(smpp_frames.frame_lines(frame, smpp.decode(frame)))
    found, framed = _decode(frame, version)
    return list(_frame_lines(found, frame, framed))


def _decode(frame: bytes, version: str | None) -> tuple[str, Framed]:
    """The version whose tables fit, the newest first. Raises CmppError."""
    error: CmppError | None = None
    for name in [version] if version else VERSIONS:
        try:
            return name, Codec(VERSIONS[name]).decode(frame)
        except CmppError as found:
            error = error or found
    assert error is not None
    raise error


def _frame_lines(version: str, frame: bytes, framed: Framed) -> Iterator[str]:
    command = read_header(frame).command
    name = command.name if command is not None else ""
    yield f"{name}（CMPP {version}）{len(frame)} 字节，Sequence_Id {framed.sequence_id}"
    pdu = framed.pdu
    for field in fields(pdu):
        yield f"  {field.name}: {_shown(field.name, getattr(pdu, field.name))}"
    if isinstance(pdu, Deliver) and pdu.registered_delivery:
        report = decode_report(pdu.content)
        yield "  状态报告："
        for field in fields(report):
            yield f"    {field.name}: {_shown(field.name, getattr(report, field.name))}"
    elif isinstance(pdu, Deliver | Submit):
        yield from _text_lines(pdu)


def _text_lines(pdu: Deliver | Submit) -> Iterator[str]:
    payload = pdu.content
    if pdu.tp_udhi:
        concatenation, payload = read_user_data(pdu.content)
        if concatenation is not None:
            it = concatenation
            yield f"  长短信：第 {it.number} 段，共 {it.total} 段，编号 {it.reference}"
    yield f"  内容：{decode_text(payload, pdu.msg_fmt)}"


def _shown(name: str, value: object) -> str:
    if isinstance(value, bytes):
        return value.hex() or "（空）"
    if isinstance(value, tuple):
        return "、".join(value)
    if name == "msg_id" and isinstance(value, int):
        return f"{value}（{_msg_id(value)}）" if value else "0"
    return "（空）" if value == "" else str(value)


def _msg_id(value: int) -> str:
    it = MsgId.unpack(value)
    if it.month not in MONTHS or it.day not in DAYS:
        return f"{value:016x}"
    when = f"{it.month:02}-{it.day:02} {it.hour:02}:{it.minute:02}:{it.second:02}"
    return f"{when}，网关 {it.gateway}，序号 {it.sequence}"
