"""Names of people in a text: what LAC takes for one, and what surnames and their company show."""

from collections.abc import Callable, Iterator, Sequence

from backend.triage import names_seen, names_told
from backend.triage.name_context import Name, Said, Span, Word
from backend.triage.name_patterns import NamePatterns

_SIGNS: tuple[Callable[[Said], Iterator[Name]], ...] = (
    names_told.foreign,
    names_told.told,
    names_told.called,
    names_told.outright,
    names_told.known_by_kin,
    names_told.with_phone,
    names_seen.titled,
    names_seen.tagged,
    names_seen.at_head,
    names_seen.familiar,
    names_seen.doing,
    names_seen.perhaps,
)
"""The surest first."""


class NameReader:
    """Finds the names of people by the patterns and LAC's words."""

    def __init__(self, patterns: NamePatterns) -> None:
        self._patterns = patterns

    def find(self, text: str, words: list[Word], perhaps: Sequence[Span] = ()) -> list[Name]:
        """Names in cleaned `text` whose `words` (start, end, LAC's tag) are given, by position,
        not overlapping; the surer sign wins. `perhaps`: what LAC takes for a name when asked to
        lean that way (Tagger.persons_perhaps)."""
        said = Said(text, words, perhaps, self._patterns)
        found: list[Name] = []
        for signs in _SIGNS:
            for name in signs(said):
                if not any(name.start < other.end and other.start < name.end for other in found):
                    found.append(name)
        for name in found.copy():
            for more in names_seen.beside(said, [name]):
                if not any(more.start < other.end and other.start < more.end for other in found):
                    found.append(more)
        return [self._with_title(text, name) for name in sorted(found, key=lambda n: n.start)]

    def _with_title(self, text: str, name: Name) -> Name:
        """`name` with the whole that tells who is meant: 王主任, 老邓, but just 王秀英."""
        if name.end - name.start > 1 and text[name.start : name.end] not in self._patterns.compound:
            return Name(name.start, name.end, (name.start, name.end))
        title = self._patterns.title.match(text, name.end)
        end = max(name.whole[1], title.end() if title else 0)
        start = name.start - (text[name.start - 1 : name.start] in ("老", "小"))
        return Name(name.start, name.end, (start, end))
