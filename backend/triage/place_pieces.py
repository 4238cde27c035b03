"""Pieces of places in a text: names of the deployment, what LAC takes for places, what ends like
one, and places by their kind."""

import re
from collections.abc import Iterator

from backend.triage.gazetteer import Gazetteer
from backend.triage.place_patterns import PlacePatterns

Span = tuple[int, int]
Word = tuple[int, int, str]

_HAN = re.compile(r"[一-龥]+")
_NAMING = frozenset({"LOC", "ORG", "PER", "nz", "nw"})
_DESCRIBING = _NAMING | {"n", "a", "vn"}
_NOT_IN_A_NAME = frozenset({"p", "r", "u", "c", "d", "xc", "w", "q"})
_ASIDE = re.compile(
    r"(?:[东西南北中]段|[东南西北两]侧|路段)$|[有的上边在前后内外下又都没是到去说和跟]+$"
)
_GOES_THERE = re.compile(r"(?:[在到从去往住回离于至]|位于|回来)$")
_MAY_PRECEDE = re.compile(r"(?:[,。;!?、 和跟与是把由们得村家]|^)$")
_MAY_FOLLOW = re.compile(
    r"[到去这那的边上里下往有和与跟、,。;!? 离也村镇乡都没]|方向|一带|附近|社区|$"
)
_OTHER = re.compile(r"绿水|绿色|蓝天|[山河江湖水线县市堤]|大堤")


class PieceFinder:
    """Finds pieces by patterns, the deployment's gazetteer and LAC's words."""

    def __init__(self, patterns: PlacePatterns, gazetteer: Gazetteer) -> None:
        self._patterns = patterns
        self._gazetteer = gazetteer

    def find(self, text: str, words: list[Word]) -> list[Span]:
        """(start, end) of every piece in cleaned `text` whose `words` (start, end, LAC's tag) are
        given; they may touch and overlap."""
        own = self._own(text, words)
        return [
            *own,
            *self._tagged(text, words, own),
            *self._by_kind(text, words),
            *self._roads(text, words),
            *self._hills(text, words),
            *(m.span() for m in self._patterns.unit.finditer(text)),
        ]

    def _own(self, text: str, words: list[Word]) -> list[Span]:
        """Names of the deployment's divisions and landmarks."""
        starts = {start for start, _, _ in words}
        found: list[Span] = []
        known = list(self._gazetteer.find(text))
        for start, end in known:
            if (
                not self._gazetteer.is_short(text[start:end])
                or (found and found[-1][1] == start)
                or self._is_meant(text, words, start, end)
                or (start in starts and any(end == further for further, _ in known))
            ):
                found.append((start, end))
        for start, end in self._gazetteer.find_misspelt(text):
            if any(start < e and s < end for s, e in found if e - s >= end - start):
                continue
            named = self._patterns.named.search(text[start:end]) is not None
            covered = [w for w in words if w[0] < end and start < w[1]]
            if start not in starts or any(tag in _NOT_IN_A_NAME for _, _, tag in covered):
                continue
            whole = covered[-1][1] == end
            nominal = [tag in _DESCRIBING for _, _, tag in covered]
            plausible = all(nominal) or (nominal[0] and self._is_cued(text, end))
            if named or (whole and plausible):
                found.append((start, end))
        return found

    def _is_meant(self, text: str, words: list[Word], start: int, end: int) -> bool:
        """Whether a name of two characters (东门, 青山) is the place here."""
        word = next((w for w in words if w[0] <= start < w[1]), None)
        if word is None or word[0] != start or _OTHER.match(text, end):
            return False
        before = text[max(0, start - 2) : start]
        if word[1] < end:  # 上 柳
            bounded = any(further == end for _, further, _ in words)
            return bounded and bool(_GOES_THERE.search(before) or _MAY_PRECEDE.search(before))
        if word[2] == "LOC" or (word[2] == "ORG" and word[1] > end):
            return True
        if self._patterns.kind.match(text, end) or self._patterns.office.match(text, end):
            return True
        if word[1] != end:
            return False
        if _GOES_THERE.search(before):
            return True
        follows = word[2] == "PER" or _MAY_FOLLOW.match(text, end)
        return bool(_MAY_PRECEDE.search(before) and follows)

    def _is_cued(self, text: str, end: int) -> bool:
        return self._patterns.cue.match(text, end) is not None

    def _tagged(self, text: str, words: list[Word], own: list[Span]) -> Iterator[Span]:
        """Words LAC takes for places, and words that end like one, with the name before them."""
        for i, (start, end, tag) in enumerate(words):
            if tag in ("LOC", "ORG"):
                cut = self._cut(text, start, end, own)
                if cut and self._is_name(text[slice(*cut)], tag):
                    yield cut
                    continue
                if tag == "ORG" and self._is_office_gone_to(text, start, end):
                    yield start, end
                    continue
            if tag in ("n", "nz", "s", "LOC", "ORG"):
                yield from self._with_name(text, words, i)

    def _is_office_gone_to(self, text: str, start: int, end: int) -> bool:
        office = self._patterns.office_of(text, start, end)
        at = office.end() if office else end
        goes_on = self._patterns.kind.match(text, at) or self._patterns.tail.match(text, at)
        return goes_on is not None or self._patterns.is_visited(text, start, at)

    def _cut(self, text: str, start: int, end: int, own: list[Span]) -> Span | None:
        """A word without what does not belong to the place (大坪工业园有); None if nothing of it
        is left beside the deployment's own name."""
        if any(s == start and self._patterns.nameless.fullmatch(text, e, end) for s, e in own):
            return None  # 桐子林后山, 赵庄村水渠
        if not self._patterns.named.search(text[start:end]) and not self._ends_in_tail(
            text, start, end
        ):
            shorter = start + len(_ASIDE.sub("", text[start:end]))
            if shorter != end and self._patterns.named.search(text[start:shorter]):
                return start, shorter
            if any(start <= s and e < end for s, e in own):
                return None
        return start, end

    def _ends_in_tail(self, text: str, start: int, end: int) -> bool:
        return any(m.end() == end for m in self._patterns.tail.finditer(text, start, end))

    def _is_name(self, word: str, tag: str) -> bool:
        if len(word) < 2 or word in self._patterns.not_names:
            return False
        if self._patterns.nameless.fullmatch(word) or not _HAN.search(word):
            return False
        named = self._patterns.named.search(word)
        if named and word[: named.start()] in self._patterns.not_names:
            return False
        if tag == "ORG":
            return named is not None and named.start() > 0
        return True

    def _with_name(self, text: str, words: list[Word], i: int) -> Iterator[Span]:
        """The word at `i`, if it ends like a place, with the name before it, if it has one."""
        start, end, _ = words[i]
        suffix = self._patterns.named.search(text, start, end)
        if suffix is None:
            return
        bare, fitting = suffix.start() == start, suffix[0] in self._patterns.fittings
        kind = self._patterns.kind.fullmatch(suffix[0]) is not None
        left, needed = start, _NAMING if kind else _DESCRIBING
        for before in reversed(words[max(0, i - 3) : i]):
            word, tag = text[before[0] : before[1]], before[2]
            ends_like_place = self._patterns.named.search(word) is not None
            if ends_like_place and (not bare or fitting or len(suffix[0]) == 1):
                break
            if tag == "LOC" and (not bare or fitting):
                break
            fits = tag in needed or self._patterns.kind.fullmatch(word)  # 供销社宿舍
            family = word == "家" and tag == "n"
            if not family and (not fits or word in self._patterns.not_names):
                break  # 李家大院 has its 家 within
            left = before[0]
        name = text[left : suffix.start()]
        if len(name) < 2 or name in self._patterns.not_names or not _HAN.fullmatch(name):
            return
        if not self._patterns.nameless.fullmatch(text[left:end]):
            yield left, end

    def _by_kind(self, text: str, words: list[Word]) -> Iterator[Span]:
        """Places without a name: of their kind there is one (菜市场), or they are a landmark
        (学校门口)."""
        tags = {start: tag for start, _, tag in words}
        before = {end: tag for _, end, tag in words}
        for pattern in (self._patterns.alone, self._patterns.whereabouts):
            for found in pattern.finditer(text):
                start = found.start()
                if found["not"] is None and start in tags and before.get(start) not in _DESCRIBING:
                    yield found.span()

    def _roads(self, text: str, words: list[Word]) -> Iterator[Span]:
        """Roads LAC does not see as one word (文化 路上, 迎宾大道 as a noun)."""
        for start, end, tag in words:
            road = self._patterns.road.match(text, start) if tag in _DESCRIBING else None
            if road is None or self._patterns.nameless.fullmatch(road[0]):
                continue
            is_place = end < road.end() and self._patterns.named.search(text, start, end)
            if not is_place and text[start:end] not in self._patterns.not_names:
                yield road.span()

    def _hills(self, text: str, words: list[Word]) -> Iterator[Span]:
        """Names LAC takes for a person's that end like a place (老鹰岩那里)."""
        for start, end, tag in words:
            if tag == "PER" and end - start > 2 and self._patterns.named.search(text, start, end):
                before = _GOES_THERE.search(text[max(0, start - 2) : start])
                if before or self._is_cued(text, end):
                    yield start, end
