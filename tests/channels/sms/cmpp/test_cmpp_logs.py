"""What citizens write, and from where, stands in no log, whatever goes wrong with it."""

from __future__ import annotations

from ports_in_memory import RecordingGateway
from structlog.testing import capture_logs

from backend.ports import Outbound, Unknown
from channels.sms.cmpp.pdus import Deliver
from channels.sms.testing import FakeIsmg
from channels.sms.testing.ismg import SENDER
from tests.channels.sms.cmpp.conftest import Start

CITIZEN, WORDS = "13800138000", "水管爆了没人管"
OCTETS = WORDS.encode("utf-16-be")


def written(**changed: object) -> Deliver:
    given = {
        "dest_id": SENDER,
        "msg_fmt": 8,
        "src_terminal_id": CITIZEN,
        "content": OCTETS,
        **changed,
    }
    return Deliver(**given)  # type: ignore[arg-type]


async def test_no_log_tells_words_or_numbers(
    ismg: FakeIsmg, start: Start, gateway: RecordingGateway
) -> None:
    channel = await start()
    with capture_logs() as logs:
        await ismg.deliver(written(msg_id=1))
        await ismg.deliver(written(msg_id=1, content=OCTETS * 2))  # the gateway repeats ids
        await ismg.deliver(written(msg_id=2, src_terminal_id="nobody"))
        await ismg.deliver(written(msg_id=3, registered_delivery=1))  # a report that is none
        gateway.unavailable = True
        assert await ismg.deliver(written(msg_id=4), seconds=0.3) is None
        await ismg.report(5, number=CITIZEN, seconds=0.3)
        gateway.unavailable = False
        frame = ismg.session().encode(written(msg_id=6), 6)
        cut = len(frame) - 3
        ismg.session().write_now(cut.to_bytes(4, "big") + frame[4:cut])
        await ismg.deliver(written(msg_id=7))
        ismg.traps.silent = True
        sent = await channel.send(Outbound(1, CITIZEN, WORDS))
        assert isinstance(sent, Unknown)
    told = repr(logs)
    events = {entry["event"] for entry in logs}
    assert events >= {
        "sms.msg_id_repeated",
        "sms.no_sender",
        "sms.report_not_understood",
        "sms.not_stored",
        "sms.undecodable",
    }
    for secret in (CITIZEN, CITIZEN[-8:], WORDS, repr(OCTETS)[2:-1], OCTETS.hex()):
        assert secret not in told
