"""Our client against gateways, and our gateway and codec against clients, that others wrote:
smpp34 (Rust) and Kannel's own drive_smpp (C)."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ports_in_memory import RecordingGateway

from backend.ports import Account, ChannelDependencies, Outbound, ReceiptState, Rejected, Sent
from channels.sms import create
from channels.sms.message_parts import decode_text, read_user_data
from channels.sms.smpp import decode, encode
from channels.sms.smpp.pdus import DeliverSm, SubmitSm, Tlv
from channels.sms.testing import FakeSmsc
from channels.sms.testing.smsc import PASSWORD, SYSTEM_ID
from channels.sms.testing.smsc_receipts import SENDER
from tests.services.kannel import find_drive_smpp
from tests.services.ports import free_port
from tests.services.process import die_with_parent, stop
from tests.services.required import require_service

SECONDS = 10.0
CITIZEN = "13800138000"
LONG = "您反映的下水道堵塞问题已经派给镇建设办，两个工作日内答复您。" * 4


def find_smpp34() -> Any | None:
    try:
        import smpp34
    except ImportError:
        return None
    return smpp34


@pytest.fixture(scope="module")
def smpp34() -> Any:
    return require_service(find_smpp34(), "no smpp34 (a package of the dev environment)")


def options(port: int, **changed: Any) -> dict[str, Any]:
    """Of an account on a gateway that lets anybody in."""
    return {
        "provider": "smpp",
        "host": "127.0.0.1",
        "port": port,
        "system_id": SYSTEM_ID,
        "password": PASSWORD,
        "sender": SENDER,
        "reconnect_seconds": 0.1,
        **changed,
    }


async def until(ready: Callable[[], bool]) -> None:
    async with asyncio.timeout(SECONDS):
        while not ready():
            await asyncio.sleep(0.02)


printable = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20)


@given(
    source=printable,
    destination=printable,
    numbers=st.lists(st.integers(0, 255), min_size=6, max_size=6),
    text=st.binary(max_size=254),
    tlvs=st.lists(st.tuples(st.integers(0x1400, 0x3FFF), st.binary(max_size=40)), max_size=3),
    kind=st.sampled_from(["SubmitSm", "DeliverSm"]),
)
def test_the_codec_writes_and_reads_what_smpp34_does(
    smpp34: Any,
    source: str,
    destination: str,
    numbers: list[int],
    text: bytes,
    tlvs: list[tuple[int, bytes]],
    kind: str,
) -> None:
    names = ("source_addr_ton", "dest_addr_npi", "esm_class", "protocol_id", "data_coding")
    told = dict(zip(names, numbers, strict=False)) | {"registered_delivery": numbers[5]}
    parameters = [smpp34.Tlv(*tlv) for tlv in tlvs]
    theirs = getattr(smpp34, kind)(
        source,
        destination,
        text,
        tlvs=parameters,
        sequence_number=7,
        **told,
    ).encode()
    ours = {"SubmitSm": SubmitSm, "DeliverSm": DeliverSm}[kind](
        source_addr=source,
        destination_addr=destination,
        short_message=text,
        tlvs=tuple(Tlv(*tlv) for tlv in tlvs),
        **told,
    )
    assert encode(ours, 7) == theirs
    assert decode(theirs) == (7, ours)


class Smpp34Gateway:
    """smpp34's server: takes every message, or refuses it."""

    def __init__(self, smpp34: Any) -> None:
        self._smpp34 = smpp34
        self.port = free_port()
        self.refuse: int | None = None
        self.submits: list[Any] = []
        self.clients: list[Any] = []
        self._server = smpp34.Server("127.0.0.1", self.port, system_id="SMSC")
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self._server.start()
        self._serving = asyncio.create_task(self._serve())

    async def stop(self) -> None:
        await self._server.stop()
        if self._serving is not None:
            self._serving.cancel()
            await asyncio.wait([self._serving])

    async def _serve(self) -> None:
        while True:
            event = await self._server.next()
            if isinstance(event, self._smpp34.Esme):
                self.clients.append(event)
            elif isinstance(event, self._smpp34.SubmitSmEvent):
                self.submits.append(event)
                if self.refuse is None:
                    event.accept(f"{len(self.submits):08X}")
                else:
                    event.reject(self.refuse)


@pytest.fixture
async def gateway_of_smpp34(smpp34: Any) -> AsyncIterator[Smpp34Gateway]:
    server = Smpp34Gateway(smpp34)
    await server.start()
    yield server
    await server.stop()


async def test_our_client_on_its_gateway(
    smpp34: Any,
    gateway_of_smpp34: Smpp34Gateway,
    gateway: RecordingGateway,
    deps: ChannelDependencies,
) -> None:
    server = gateway_of_smpp34
    channel = create(Account("county", "sms", options(server.port)), deps)
    await channel.start()
    await until(lambda: len(server.clients) == 1)

    assert await channel.send(Outbound(1, CITIZEN, "您好👴")) == Sent("1")
    assert isinstance(await channel.send(Outbound(2, CITIZEN, LONG)), Sent)
    short, *parts = server.submits
    assert (short.destination_addr, short.source_addr) == (CITIZEN, SENDER)
    assert decode_text(short.short_message, short.data_coding) == "您好👴"
    found = [read_user_data(part.short_message)[1] for part in parts]
    assert "".join(decode_text(each, 8) for each in found) == LONG

    (client,) = server.clients
    answer = await client.deliver_sm(
        SENDER + "12", "路灯坏了".encode("utf-16-be"), source_addr=CITIZEN, data_coding=8
    )
    assert answer.is_success
    assert [(m.text, m.extension) for m in gateway.inbounds] == [("路灯坏了", "12")]
    receipt = b"id:00000001 sub:001 dlvrd:001 stat:DELIVRD err:000 text:"
    assert (await client.deliver_sm(SENDER, receipt, source_addr=CITIZEN, esm_class=4)).is_success
    assert [(r.provider_id, r.state) for r in gateway.receipts] == [("1", ReceiptState.DELIVERED)]

    server.refuse = smpp34.ESME_RINVDSTADR
    refused = await channel.send(Outbound(3, CITIZEN, "您好"))
    assert refused == Rejected("wrong destination")
    await channel.close()


async def test_what_is_not_stored_is_not_taken_in_its_eyes(
    gateway_of_smpp34: Smpp34Gateway, gateway: RecordingGateway, deps: ChannelDependencies
) -> None:
    server = gateway_of_smpp34
    channel = create(Account("county", "sms", options(server.port)), deps)
    await channel.start()
    await until(lambda: len(server.clients) == 1)
    gateway.unavailable = True
    answer = await server.clients[0].deliver_sm(SENDER, b"1", source_addr=CITIZEN)
    assert not answer.is_success
    await channel.close()


async def test_its_client_on_our_gateway(smpp34: Any) -> None:
    smsc = FakeSmsc()
    await smsc.start()
    client = smpp34.Client("127.0.0.1", smsc.port, SYSTEM_ID, PASSWORD, bind_type="TRX")
    session = await client.connect()
    try:
        answer = await session.submit_sm(
            CITIZEN, "您好".encode("utf-16-be"), source_addr=SENDER, data_coding=8,
            registered_delivery=1,
        )  # fmt: skip
        assert answer.is_success
        assert smsc.submits[0].destination_addr == CITIZEN
        receipt = await session.next()
        assert receipt.short_message.startswith(f"id:{answer.message_id} ".encode())
        await smsc.text(CITIZEN, "路灯坏了")
        message = await session.next()
        assert decode_text(message.short_message, message.data_coding) == "路灯坏了"
        smsc.traps.status = 0x58
        assert (await session.submit_sm(CITIZEN, b"x", source_addr=SENDER)).command_status == 0x58
    finally:
        await client.stop()
        await smsc.stop()


@pytest.mark.xdist_group("kannel")
async def test_kannels_drive_smpp(
    gateway: RecordingGateway, deps: ChannelDependencies, tmp_path: Path
) -> None:
    """It knows two binds only, counts from 0, answers without an id and gives every message the
    same receipted_message_id. It stops a few seconds after nobody took it for a smsbox."""
    program, port = require_service(find_drive_smpp(), "no drive_smpp (kannel-extras)"), free_port()
    command = [str(program), "-p", str(port), "-m", "20"]
    with (tmp_path / "drive.log").open("wb") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, cwd=tmp_path, preexec_fn=die_with_parent()
        )
    channel = create(Account("county", "sms", options(port, bind="separate")), deps)
    try:
        await channel.start()
        assert isinstance(await channel.send(Outbound(1, CITIZEN, "您好👴")), Sent)
        await until(lambda: len(gateway.inbounds) >= 20)
    finally:
        await channel.close()
        stop(process, sent=9, seconds=5)
    assert sorted(int(inbound.text) for inbound in gateway.inbounds) == list(range(1, 21))
    assert {inbound.address for inbound in gateway.inbounds} == {"456"}
    assert len({inbound.external_id for inbound in gateway.inbounds}) == 20
    assert gateway.receipts == []
