"""The lines of an account's journal: what must outlive the process, and how it is read again.

Pure but for the journal's own writing. Kinds: `part` (of a long message that waits), `stored` (its
parts, once it is on durable storage), `habit` (how the gateway differs from others), `sent` (the
parts of a message of ours and what the gateway calls them), `report` (of such a part).
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from datetime import datetime

from backend.ports import ReceiptState
from channels.sms.journal import Line
from channels.sms.long_messages import LongMessage, LongMessages, ReceivedPart
from channels.sms.message_parts import Concatenation
from channels.sms.sent_parts import PartId, SentMessage, SentParts


def part_line(part: ReceivedPart) -> Line:
    it = part.concatenation
    return {
        "kind": "part",
        "known_as": part.known_as,
        "sender": part.sender,
        "receiver": part.receiver,
        "place": [it.reference, it.total, it.number, it.octets],
        "coding": part.coding,
        "payload": _text(part.payload),
        "raw": _text(part.raw),
        "at": part.at.isoformat(),
    }


def stored_line(known_as: Iterable[str], at: datetime) -> Line:
    return {"kind": "stored", "known_as": list(known_as), "at": at.isoformat()}


def habit_line(habit: str) -> Line:
    return {"kind": "habit", "habit": habit}


def sent_line(message: SentMessage) -> Line:
    return {
        "kind": "sent",
        "outbox_id": message.outbox_id,
        "total": message.total,
        "msg_ids": {str(number): msg_id for number, msg_id in message.msg_ids.items()},
        "at": message.at.isoformat(),
    }


def report_line(msg_id: PartId, state: ReceiptState, detail: str) -> Line:
    return {"kind": "report", "msg_id": msg_id, "state": state.value, "detail": detail}


def replay(lines: Iterable[Line], long: LongMessages, sent: SentParts) -> set[str]:
    """Into what is kept in memory; gives the gateway's habits. Raises KeyError, ValueError for a
    line nobody here wrote."""
    habits: set[str] = set()
    for line in lines:
        match line["kind"]:
            case "part":
                long.add(_part(line))
            case "stored":
                _forget(line, long)
            case "habit":
                habits.add(line["habit"])
            case "sent":
                for number, msg_id in line["msg_ids"].items():
                    sent.accepted(
                        line["outbox_id"], line["total"], int(number), msg_id, _time(line)
                    )
            case "report":
                sent.reported(line["msg_id"], ReceiptState(line["state"]), line["detail"])
    return habits


def lines_of(long: LongMessages, sent: SentParts, habits: Iterable[str]) -> Iterator[Line]:
    """What still counts, for compacting."""
    yield from map(habit_line, sorted(habits))
    by_time: dict[datetime, list[str]] = {}
    for known_as, at in long.known().items():
        by_time.setdefault(at, []).append(known_as)
    for at, known in by_time.items():
        yield stored_line(known, at)
    for part in long.parts():
        yield part_line(part)
    for message in sent.messages():
        yield sent_line(message)
        for number, (state, detail) in message.states.items():
            yield report_line(message.msg_ids[number], state, detail)


def _part(line: Line) -> ReceivedPart:
    reference, total, number, octets = line["place"]
    return ReceivedPart(
        known_as=line["known_as"],
        sender=line["sender"],
        receiver=line["receiver"],
        concatenation=Concatenation(reference, total, number, octets),
        coding=line["coding"],
        payload=base64.b64decode(line["payload"]),
        raw=base64.b64decode(line["raw"]),
        at=_time(line),
    )


def _forget(line: Line, long: LongMessages) -> None:
    """Parts of a message that was stored wait no longer."""
    known = set(line["known_as"])
    done: list[LongMessage] = [
        each for each in long.messages() if known >= {part.known_as for part in each.parts.values()}
    ]
    for message in done:
        long.stored(message, _time(line))
    for known_as in known:
        long.remember(known_as, _time(line))


def _text(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def _time(line: Line) -> datetime:
    return datetime.fromisoformat(line["at"])
