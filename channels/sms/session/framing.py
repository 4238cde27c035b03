"""Cuts a stream of octets into frames, however it arrives."""

from __future__ import annotations

from collections.abc import Callable


class Framer:
    """`feed` gives the frames that are whole. At most one frame is ever kept back."""

    def __init__(self, head_octets: int, frame_octets: Callable[[bytes], int]) -> None:
        """`frame_octets` tells the length by the head and raises for one out of bounds."""
        self._head_octets = head_octets
        self._frame_octets = frame_octets
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Raises what `frame_octets` raises; the stream is of no use then."""
        if self._rest:
            data = self._rest + data
        frames = []
        at, size = 0, len(data)
        while size - at >= self._head_octets:
            end = at + self._frame_octets(data[at : at + self._head_octets])
            if end > size:
                break
            frames.append(data[at:end])
            at = end
        self._rest = data[at:]
        return frames
