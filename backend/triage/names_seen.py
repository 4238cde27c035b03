"""Signs of a name in its own words: a surname with a title, a pet name, what LAC takes for one."""

from collections.abc import Iterator

from backend.triage.name_context import GRAMMAR, HAN, PLAIN, Name, Said
from backend.triage.names_told import CLAUSE, plain

_LONGEST_LISTED = 5  # a name and what joins it to the next
_ALONE = frozenset({"PER", "nz", "nw", "n", "ORG", "LOC"})


def titled(said: Said) -> Iterator[Name]:
    """王主任, 方正同志, 建国叔."""
    for found in said.patterns.titled.finditer(said.text):
        start, end = found.span(1)
        word_end, tag = said.at.get(start, (0, ""))
        if not word_end and said.is_called(start):
            word_end, tag = end, "PER"
        if not word_end or said.text.startswith(said.patterns.figures, start):
            continue
        short = found.end(2) - found.start(2) == 1
        if short and found.end() not in said.ends:
            continue
        leaning = any(s <= start and end <= e for s, e in said.perhaps)
        addressed = said.text[start - 1 : start] in ("的", "叫", "找")
        if end - start == 1 and said.text[start] in said.patterns.rare:
            seen = tag == "PER" or leaning or word_end == found.end()
            if not seen and not addressed:
                continue
        grammar = tag in GRAMMAR and not leaning and not addressed
        whole_word = word_end in (end, found.end()) or tag == "PER"
        if grammar or not whole_word or said.text.startswith(said.patterns.not_names, start):
            continue
        yield Name(start, end, (start, found.end()))
    for start, end, tag in said.words:
        title = said.patterns.title.match(said.text, end)
        name = said.text[start:end]
        if title is None or not 2 <= end - start <= 4 or not HAN.fullmatch(name):
            continue
        if tag == "PER" and (inner := said.tagged_name(start, end)):
            start, name = inner.start, said.text[inner.start : inner.end]
            end = inner.end
        if title.end() - title.start() == 1 and title.end() not in said.ends:
            continue
        given = all(char in said.patterns.given for char in name) and (
            tag in ("nz", "nw") or said.patterns.kin_title.match(said.text, end)
        )
        by_surname = name[0] in said.patterns.surnames and (
            said.patterns.polite.match(said.text, end)
            or said.patterns.kin_title.match(said.text, end)
        )
        if (tag == "PER" or given or by_surname) and said.is_name(start, end):
            yield Name(start, end, (start, title.end()))


def at_head(said: Said) -> Iterator[Name]:
    """何美主任, 金宝家: two characters at the head of a clause LAC sees no word in."""
    for clause in CLAUSE.finditer(said.text):
        start, end = clause.start(), clause.start() + 2
        if said.text[start] not in said.patterns.surnames or not said.is_name(start, end):
            continue
        title = said.patterns.title.match(said.text, end)
        split = said.at.get(start, (0, ""))[0] == start + 1 and end in said.ends
        if title and split and title.end() - title.start() > 1:
            yield plain(start, end)
        home = said.at.get(end, (0, ""))[0] == end + 1 and said.text[end] == "家"
        if home and said.at.get(start, (0, ""))[1] in ("n", "nz", "a", "PER"):
            yield plain(start, end)


def familiar(said: Said) -> Iterator[Name]:
    """老邓, 小刘同志, 张家的狗, 黄某; 小军, 二蛋."""
    for found in said.patterns.familiar.finditer(said.text):
        start, end = found.span(found.lastindex or 0)
        _, tag = said.at.get(found.start(), (0, ""))
        if not tag and said.text[end : end + 1] != "某":
            continue
        if found[0] in said.patterns.not_names or said.patterns.brand.match(said.text, end + 1):
            continue
        leaning = any(s <= start and end <= e for s, e in said.perhaps)
        doubtful = end - start == 1 and said.text[start] in said.patterns.rare and not leaning
        if doubtful and tag != "PER" and said.text[end : end + 1] != "某":
            continue
        if tag in ("TIME", "m", "r"):
            continue
        yield Name(start, end, found.span())
    for found in said.patterns.nickname.finditer(said.text):
        if found.start() in said.at:
            yield plain(*found.span())
    for found in said.patterns.doubled.finditer(said.text):
        tag = said.at.get(found.start(), (0, ""))[1]
        followed = said.patterns.doing.match(said.text, found.end())
        if tag in ("PER", "nz", "nw") or (tag in ("n", "a") and followed):
            yield plain(*found.span())
    for found in said.patterns.pet.finditer(said.text):
        if found.start() in said.at and (
            found.end() in said.ends or said.at[found.start()][1] == "PER"
        ):
            yield plain(*found.span())


def tagged(said: Said) -> Iterator[Name]:
    """What LAC takes for a person's name."""
    for start, end, tag in said.words:
        if tag != "PER" or end - start < 2 or not HAN.fullmatch(said.text, start, end):
            continue
        name = said.tagged_name(start, end)
        if name and said.is_name(name.start, name.end):
            yield said.mended(name)


def doing(said: Said) -> Iterator[Name]:
    """A full name at the head of a clause, of one who does something."""
    for clause in CLAUSE.finditer(said.text):
        start = clause.start()
        end = said.full_name(start, sure=False)
        if end is None or not said.is_name(start, end):
            continue
        if said.at.get(start, (0, ""))[1] not in _ALONE:
            continue
        if end == clause.end() or said.patterns.doing.match(said.text, end):
            yield plain(start, end)


def perhaps(said: Said) -> Iterator[Name]:
    """What may be a name by itself and has the company of one."""
    patterns = said.patterns
    for start, end in said.perhaps:
        name = said.tagged_name(start, end) if HAN.fullmatch(said.text, start, end) else None
        if name is None or not said.is_name(name.start, name.end):
            continue
        text = said.text
        if patterns.title.fullmatch(text, name.start, name.end):
            continue
        strong = (
            name.whole[1] > name.end
            or patterns.title.match(text, name.end)
            or said.is_called(name.start)
            or patterns.kin.match(text, name.end)
        )
        if not said.begins_like_name(name):
            if strong and 2 <= name.end - name.start <= 4:
                yield name
            continue
        word_end, tag = said.at.get(name.start, (0, ""))
        everyday = word_end == name.end and tag in PLAIN and name.end - name.start > 1
        acts = patterns.acting.match(text, name.end)
        weak = patterns.doing.match(text, name.end) or not HAN.match(text, name.end)
        if (
            strong
            or (weak and not everyday)
            or ((acts and tag in ("n", "a", "LOC", "vn")) or (weak and tag == "ORG"))
        ):
            yield name


def beside(said: Said, found: list[Name]) -> Iterator[Name]:
    """Names in a list with names: 吕梁、谭笑三个人."""
    for known in found:
        before = said.patterns.listed_before.search(
            said.text, max(0, known.start - _LONGEST_LISTED), known.start
        )
        if before and (before.start(1) in said.at or before.start(1) == 0):
            yield plain(*before.span(1))
        after = said.patterns.listed_after.match(said.text, known.end)
        end = said.full_name(after.end(), sure=True) if after else None
        if after and end is not None and end - after.end() > 1:
            yield plain(after.end(), end)
