"""Many names found in a text at once, whatever their number."""

from collections.abc import Iterable, Iterator


class Lexicon:
    """A set of names."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(filter(None, names))
        lengths: dict[str, set[int]] = {}
        for name in self._names:
            lengths.setdefault(name[0], set()).add(len(name))
        # By the first character the lengths of the names that begin with it, longest first.
        self._lengths = {first: sorted(some, reverse=True) for first, some in lengths.items()}

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """(start, end) of every name in `text`, the longest at its place, not overlapping."""
        at = 0
        while at < len(text):
            for length in self._lengths.get(text[at], ()):
                if at + length <= len(text) and text[at : at + length] in self._names:
                    yield at, at + length
                    at += length
                    break
            else:
                at += 1
