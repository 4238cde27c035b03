"""Signs of a name in what stands around it: 我叫…, 会计…, a telephone number behind it."""

import re
from collections.abc import Iterator

from backend.triage.name_context import HAN, Name, Said

_LATIN = re.compile(r"(?<![A-Za-z@.])[A-Z][a-z]+(?: [A-Z][a-z]+){1,2}(?![A-Za-z@])")
_POINT = re.compile(r"[·•・‧∙]")
_DOTTED = re.compile(rf"[一-龥]{{1,8}}(?:{_POINT.pattern}[一-龥]{{1,8}})+")
_ESTATE = re.compile(r"[园城府苑湾]|国际|小区|广场")
CLAUSE = re.compile(r"[^,。;:!?、…\s()《》“”\"—-]+")


def foreign(said: Said) -> Iterator[Name]:
    for found in _DOTTED.finditer(said.text):
        # What LAC holds together left of the point belongs to the name, what precedes does not.
        dot = found.start() + _POINT.search(found[0]).start()  # type: ignore[union-attr]
        start = max((s for s, e, _ in said.words if s < dot <= e), default=found.start())
        while (before := said.word_before(start)) and before[2] == "PER":
            start = before[0]
        if start >= found.start() and not _ESTATE.search(found[0]):
            yield plain(start, found.end())
    for found in _LATIN.finditer(said.text):
        yield plain(*found.span())
    for found in said.patterns.ethnic.finditer(said.text):
        if found.start() in said.at:
            yield plain(*found.span())


def told(said: Said) -> Iterator[Name]:
    """我姓邓, 弓长张, 我叫区."""
    for found in said.patterns.surname_told.finditer(said.text):
        yield plain(*found.span(found.lastindex or 0))
    for found in said.patterns.spelt.finditer(said.text):
        yield plain(found.end() - 1, found.end())


def called(said: Said) -> Iterator[Name]:
    """我叫刘桂兰, 会计覃有才, also more than one of them."""
    for pattern, sure in ((said.patterns.certain, True), (said.patterns.calling, False)):
        for found in pattern.finditer(said.text):
            start = found.end()
            while (end := said.full_name(start, sure=sure, called=True)) is not None:
                name = said.mended(plain(start, end))
                end = name.end
                yield name
                if said.text[end : end + 1] not in "、,，和" or end >= len(said.text):
                    break
                start = end + 1


def outright(said: Said) -> Iterator[Name]:
    """我叫平安, 会计高明收钱: everyday words, but in a name's place."""
    for found in said.patterns.named_outright.finditer(said.text):
        if found.end(found.lastindex or 0) in said.ends:
            yield plain(*found.span(found.lastindex or 0))
    for found in said.patterns.role.finditer(said.text):
        start = found.start(1)
        end, tag = said.at.get(start, (0, ""))
        if end - start not in (2, 3) or tag not in ("n", "nz", "a", "an", "vn", "v", "LOC", "nw"):
            continue
        named = said.text[start] in said.patterns.surnames and said.is_name(start, end)
        if named and (said.patterns.doing.match(said.text, end) or not HAN.match(said.text, end)):
            yield plain(start, end)


def with_phone(said: Said) -> Iterator[Name]:
    for found in said.patterns.before_phone.finditer(said.text):
        start, end = found.span(1)
        doubtful = (
            said.text[start] in said.patterns.rare and said.at.get(start, (0, ""))[1] != "PER"
        )
        if start in said.at and not doubtful and said.is_name(start, end):
            yield plain(start, end)
    for found in said.patterns.last.finditer(said.text):
        yield plain(*found.span(1))


def known_by_kin(said: Said) -> Iterator[Name]:
    """高兴是我女儿的名字, and signatures."""
    for clause in CLAUSE.finditer(said.text):
        for length in (2, 3):
            end = clause.start() + length
            if said.patterns.kin.match(said.text, end) and HAN.fullmatch(
                said.text, clause.start(), end
            ):
                yield plain(clause.start(), end)
        signed = said.patterns.signing.search(clause[0])
        if signed and 2 <= signed.start() <= 4:
            yield plain(clause.start(), clause.start() + signed.start())


def plain(start: int, end: int) -> Name:
    """A name without a title."""
    return Name(start, end, (start, end))
