"""A table of fields becomes a coder, once, at import.

As `dataclass` does with `__init__`, two functions are written out in Python and compiled: a loop
over some twenty fields would cost several times what packing them does. Neighbouring fields of
fixed width, with the count that follows them, become one `struct`. `print(layout.source)` shows
what was made.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

from channels.sms.cmpp.fields import (
    Content,
    Counted,
    Kind,
    Numbers,
    Octets,
    Row,
    Text,
    Uint,
    fault_of_octets,
    fault_of_values,
)

# What the compiled functions raise; which field it was is looked for then.
FAULTS = (struct.error, ValueError)


class Layout[Pdu]:
    """The coder of one PDU's body (or of a report), made of its table.

    `rows` name the attributes of `pdu`, a dataclass, in the order they stand on the wire.
    """

    def __init__(self, pdu: type[Pdu], *rows: Row) -> None:
        self.rows = rows
        self.name = pdu.__name__
        runs = _runs(rows)
        order = [field.name for field in fields(pdu)]  # type: ignore[arg-type]
        self.source = f"{_encoder(runs)}\n\n{_decoder(runs, order)}\n"
        made: dict[str, Any] = {"pdu_of": pdu}
        for at, run in enumerate(runs):
            made[f"run_{at}"] = run.struct
        exec(compile(self.source, f"<{self.name} of CMPP>", "exec"), made)  # noqa: S102 - of our own tables
        self._encode: Callable[[Pdu], bytes] = made["encode"]
        self._decode: Callable[[bytes, int], Pdu] = made["decode"]

    def encode(self, pdu: Pdu) -> bytes:
        """Raises FieldError."""
        try:
            return self._encode(pdu)
        except FAULTS as error:
            raise fault_of_values(self.name, self.rows, pdu) from error

    def decode(self, body: bytes, at: int = 0) -> Pdu:
        """`body` from `at` to its end, all of it. Raises FieldError."""
        try:
            return self._decode(body, at)
        except FAULTS as error:
            raise fault_of_octets(self.name, self.rows, body, at) from error


class _Run:
    """Neighbouring fields of fixed width, and the counted one behind them, if there is one."""

    def __init__(self, fixed: Sequence[Row], counted: tuple[str, Counted] | None) -> None:
        self.fixed = fixed
        self.counted = counted
        codes = [kind.code for _, kind in fixed if isinstance(kind, Uint | Text | Octets)]
        self.struct = struct.Struct(">" + "".join(codes) + ("B" if counted else ""))


def _runs(rows: Sequence[Row]) -> list[_Run]:
    runs: list[_Run] = []
    fixed: list[Row] = []
    for name, kind in rows:
        if isinstance(kind, Numbers | Content):
            runs.append(_Run(fixed, (name, kind)))
            fixed = []
        else:
            fixed.append((name, kind))
    if fixed:
        runs.append(_Run(fixed, None))
    return runs


def _encoder(runs: Sequence[_Run]) -> str:
    """Source of `encode(pdu)`."""
    lines, wrong, pieces = [], [], []
    for at, run in enumerate(runs):
        packed = [name if isinstance(kind, Text) else f"pdu.{name}" for name, kind in run.fixed]
        for name, kind in run.fixed:
            if isinstance(kind, Text):
                lines.append(f"{name} = pdu.{name}.encode('latin-1')")
                wrong.append(f"len({name}) > {kind.octets}")
            elif isinstance(kind, Octets):
                wrong.append(f"len(pdu.{name}) != {kind.octets}")
        if run.counted:
            name, counted = run.counted
            lines.append(f"{name} = pdu.{name}")
            packed.append(f"len({name})")
        pieces.append(f"run_{at}.pack({', '.join(packed)})")
        if run.counted and isinstance(counted, Numbers):
            width = counted.octets
            lines.append(
                f"octets = b''.join([each.encode('latin-1').ljust({width}, b'\\0')"
                f" for each in {name}])"
            )
            # One that is too long is not padded, and the sum is another.
            wrong.append(f"not 0 < len({name}) <= {counted.most}")
            wrong.append(f"len(octets) != {width} * len({name})")
            pieces.append("octets")
        elif run.counted:
            pieces.append(name)
    if wrong:
        lines.append(f"if {' or '.join(wrong)}:\n        raise ValueError")
    lines.append(f"return {' + '.join(pieces) or repr(b'')}")
    return _function("encode(pdu)", lines)


def _decoder(runs: Sequence[_Run], order: Sequence[str]) -> str:
    """Source of `decode(body, at)`; `order` is that of the PDU's attributes."""
    lines = []
    for at, run in enumerate(runs):
        taken = [name for name, _ in run.fixed] + (["count"] if run.counted else [])
        lines.append(f"{', '.join(taken)}, = run_{at}.unpack_from(body, at)")
        lines.append(f"at += {run.struct.size}")
        if not run.counted:
            continue
        name, counted = run.counted
        lines.append(f"end = at + count * {counted.octets}")
        if isinstance(counted, Numbers):
            lines.append(
                f"if not 0 < count <= {counted.most} or end > len(body):\n        raise ValueError"
            )
            one = _text(f"body[each : each + {counted.octets}]")
            lines.append(f"{name} = tuple([{one} for each in range(at, end, {counted.octets})])")
        else:
            lines.append(f"{name} = body[at:end]")
        lines.append("at = end")
    lines.append("if at != len(body):\n        raise ValueError")
    given = []
    for place, (name, kind) in enumerate(_rows(runs)):
        value = _text(name) if isinstance(kind, Text) else name
        # By place where that is possible: a call by name takes half as long again.
        by_place = order[: place + 1] == [row for row, _ in _rows(runs)[: place + 1]]
        given.append(value if by_place else f"{name}={value}")
    lines.append(f"return pdu_of({', '.join(given)})")
    return _function("decode(body, at)", lines)


def _rows(runs: Sequence[_Run]) -> list[tuple[str, Kind]]:
    return [row for run in runs for row in (*run.fixed, *((run.counted,) if run.counted else ()))]


def _text(octets: str) -> str:
    return f"{octets}.partition(b'\\0')[0].decode('latin-1')"


def _function(head: str, lines: Sequence[str]) -> str:
    return f"def {head}:\n" + "\n".join(f"    {line}" for line in lines)
