"""Cuts a stream of octets into frames, however it arrives."""

from __future__ import annotations

from channels.sms.session.dialect import ProtocolError

LENGTH_OCTETS = 4  # what a frame of any of them begins with


class Framer:
    """`feed` gives the frames that are whole. At most one frame is ever kept back."""

    def __init__(self, least_octets: int, most_octets: int) -> None:
        """Of a whole frame, its length included."""
        self._least = least_octets
        self._most = most_octets
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Raises ProtocolError for a length out of bounds: nobody knows where the next frame
        begins, so the stream is of no use then."""
        if self._rest:
            data = self._rest + data
        frames = []
        at, size = 0, len(data)
        while size - at >= LENGTH_OCTETS:
            length = int.from_bytes(data[at : at + LENGTH_OCTETS])
            if not self._least <= length <= self._most:
                raise ProtocolError(f"a frame of {length} octets is out of bounds")
            end = at + length
            if end > size:
                break
            frames.append(data[at:end])
            at = end
        self._rest = data[at:]
        return frames
