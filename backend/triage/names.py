"""Names of people in a text: what LAC takes for one, and what surnames and their company show."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from backend.triage.rule_file import PatternsError, read_rules

Span = tuple[int, int]
Word = tuple[int, int, str]

_HAN = re.compile(r"[一-龥]+")
_LATIN = re.compile(r"(?<![A-Za-z@.])[A-Z][a-z]+(?: [A-Z][a-z]+){1,2}(?![A-Za-z@])")
_POINT = re.compile(r"[·•・‧∙]")
_DOTTED = re.compile(rf"[一-龥]{{1,8}}(?:{_POINT.pattern}[一-龥]{{1,8}})+")
_ESTATE = re.compile(r"[园城府苑湾]|国际|小区|广场")
_CLAUSE = re.compile(r"[^,。;:!?、…\s()《》“”\"—-]+")
_FIGURES = re.compile(r"[零〇一二三四五六七八九十百幺壹贰叁肆伍陆柒捌玖]+")
_NOT_SAID = re.compile(r"[的了是]")
_NOT_GIVEN = re.compile(r"[的了是不在与把被都也很就又没我你他她们这那个用说]")
_MEASURE = re.compile(r"[个人天年月元块次口户亩家位名点]")
_GRAMMAR = frozenset({"p", "d", "c", "u", "q", "r", "f", "m", "w", "xc", "TIME"})
_PLAIN = frozenset({"n", "v", "a", "d", "vn", "TIME", "LOC", "ORG", "m", "r", "p", "c", "u", "s"})
_ALONE = frozenset({"PER", "nz", "nw", "n", "ORG", "LOC"})


@dataclass(frozen=True, slots=True)
class Name:
    """`text[start:end]` names a person (王 of 王主任); `whole` reaches over the title as well."""

    start: int
    end: int
    whole: tuple[int, int]


@dataclass(frozen=True)
class NamePatterns:
    """See data/rules/names.yml."""

    surnames: frozenset[str]
    rare: frozenset[str]
    compound: frozenset[str]
    not_names: frozenset[str]
    figures: tuple[str, ...]
    given: frozenset[str]
    title: re.Pattern[str]
    titled: re.Pattern[str]
    kin_title: re.Pattern[str]
    polite: re.Pattern[str]
    calling: re.Pattern[str]
    certain: re.Pattern[str]
    named_outright: re.Pattern[str]
    role: re.Pattern[str]
    nickname: re.Pattern[str]
    doubled: re.Pattern[str]
    called_here: re.Pattern[str]
    brand: re.Pattern[str]
    place_end: re.Pattern[str]
    kin: re.Pattern[str]
    doing: re.Pattern[str]
    acting: re.Pattern[str]
    signing: re.Pattern[str]
    spelt: re.Pattern[str]
    surname_told: re.Pattern[str]
    familiar: re.Pattern[str]
    pet: re.Pattern[str]
    before_phone: re.Pattern[str]
    last: re.Pattern[str]
    ethnic: re.Pattern[str]
    listed_before: re.Pattern[str]
    listed_after: re.Pattern[str]


def load_name_patterns(folder: Path) -> NamePatterns:
    """Raises PatternsError."""
    file = folder / "names.yml"
    content = read_rules(file)
    try:
        surname = f"(?:{'|'.join(content['compound'])}|[{content['surnames']}])"
        common = "".join(c for c in content["surnames"] if c not in content["rare"])
        firm = f"(?:{'|'.join(content['compound'])}|[{common}])"
        title = f"(?:{content['elders']}|{_longest_first(content['titles'])})"
        pets = content["pets"]
        return NamePatterns(
            surnames=frozenset(content["surnames"]),
            rare=frozenset(content["rare"]),
            compound=frozenset(content["compound"]),
            not_names=frozenset(content["not_names"]),
            figures=tuple(content["figures"]),
            given=frozenset(pets),
            title=re.compile(title),
            titled=re.compile(f"({surname})({title})"),
            kin_title=re.compile(f"(?:{_longest_first(content['kin_titles'])})"),
            polite=re.compile(f"(?:{_longest_first(content['polite'])})"),
            calling=re.compile(f"(?:{_longest_first(content['callings'])})(?:是|叫|:|为)?[:, ]?"),
            certain=re.compile(f"(?:{_longest_first(content['certain'])})(?:是|叫|:|为)?[:, ]?"),
            named_outright=re.compile(
                r"(?:我叫|名叫|名字叫|大名|全名|真名|本名)(?:是|叫|做)?"
                r"([一-龥]{2,4}?)(?=[,。;、 (]|今年|住|男|女|电话|$)"
                rf"|叫({surname}[一-龥]{{1,2}})(?=[,。;、(]|$)"
            ),
            role=re.compile(f"(?:{_longest_first(content['roles'])})(?:叫|是)?([一-龥]{{2,3}})"),
            nickname=re.compile(content["nicknames"]),
            doubled=re.compile(rf"([{content['doubled']}])\1"),
            called_here=re.compile(f"(?:{_longest_first(content['callings'])})$"),
            brand=re.compile(content["brands"]),
            place_end=re.compile(f"(?:{_longest_first(content['place_ends'])})$"),
            kin=re.compile(content["kin"]),
            doing=re.compile(content["doings"]),
            acting=re.compile(content["acting"]),
            signing=re.compile(content["signing"]),
            spelt=re.compile("|".join(content["spelt"])),
            surname_told=re.compile(
                rf"姓({firm})(?![名氏])|姓(?![都什啥甚名氏])({surname})(?![名氏])|姓({surname})(?=的)"
                rf"|(?:我叫|叫我|[人主户员]是)({surname})(?=[,。]|$)"
            ),
            familiar=re.compile(
                rf"[老小]({firm})(?![子板师实百年早远旧家狗牛车牌墙瓦色土米菜树林地板])"
                rf"|[老小]({surname})(?=[,。、;!?的家也都在说他她这那和跟与把被给又]|同志|师傅|哥|姐|$)"
                rf"|[老小]({surname})家"
                rf"|({firm})家(?![具庭长里乡务电禽畜属访园伙境教政族产用业常湾坪岭沟坝冲塝垭渡塘坡岗嘴寨庄村铺路桥])"
                rf"|({surname})家(?=的|媳妇|老[屋大二三]|儿子|人|闺女|大[爷娘]|[二小两几]|婆|那|把|又|占|盖)"
                rf"|({surname})(?:某某|某|姓)"
                rf"|({firm})(?=(?:、{firm})+{title})"
                rf"|({surname})(?=(?:、{surname})*、{surname}(?:两|二|三|四|几)[家人户姓位])"
                rf"|(?<=、)({surname})(?=(?:两|二|三|四|几)[家人户姓位])"
            ),
            pet=re.compile(rf"[小阿][{pets}]{{1,2}}|[大二三][{pets}](?=他|她|家|说|,|的|叔|哥|$)"),
            before_phone=re.compile(
                rf"({surname}[一-龥]{{1,2}})(?:收|,|，)?[, ]?(?:联系|手机|电话|tel|TEL)*(?:号码|号)?[:, ]?"
                r"(?=\+?[\d(])"
            ),
            ethnic=re.compile(content["ethnic"]),
            listed_before=re.compile(rf"({firm}[一-龥]{{1,2}})[、和跟与]$"),
            listed_after=re.compile(
                rf"[、, ](?={firm}[一-龥]{{1,2}}(?:[、,。;!?等和]|$)|{firm}[一-龥]{{2}})"
            ),
            last=re.compile(
                rf"(?:\d[,， ]{{1,2}}|(?:组长|主任|书记|会计|村长|师傅|老板|老师|村民)"
                rf"|(?:{_longest_first(content['callings'])})(?:是|叫|:)|我是|本人)({surname})(?=[,。!;]|$)"
            ),
        )
    except (KeyError, TypeError, AttributeError, re.error) as error:
        raise PatternsError(f"{file}: {error!r}") from error


def _longest_first(words: Iterable[str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


class NameReader:
    """Finds the names of people by the patterns and LAC's words."""

    def __init__(self, patterns: NamePatterns) -> None:
        self._patterns = patterns

    def find(self, text: str, words: list[Word], perhaps: Sequence[Span] = ()) -> list[Name]:
        """Names in cleaned `text` whose `words` (start, end, LAC's tag) are given, by position,
        not overlapping; the surer sign wins. `perhaps`: what LAC takes for a name when asked to
        lean that way (Tagger.persons_perhaps)."""
        said = _Said(text, words, perhaps, self._patterns)
        found: list[Name] = []
        for signs in _SIGNS:
            for name in signs(said):
                if not any(name.start < other.end and other.start < name.end for other in found):
                    found.append(name)
        for name in found.copy():
            for more in _beside(said, [name]):
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


class _Said:
    """A text with what its words are, and what is plausible in it."""

    def __init__(
        self, text: str, words: list[Word], perhaps: Sequence[Span], patterns: NamePatterns
    ) -> None:
        self.text = text
        self.perhaps = perhaps
        self.words = words
        self.patterns = patterns
        self.at = {start: (end, tag) for start, end, tag in words}
        self.ends = {end for _, end, _ in words}

    def is_name(self, start: int, end: int, *, sure: bool = False) -> bool:
        """Whether `text[start:end]` is no everyday word, brand or place; a place it may look like
        where all around says that it is a name."""
        name, patterns = self.text[start:end], self.patterns
        tagged = self.at.get(start, (0, ""))[1] == "PER"
        if name.startswith(patterns.figures) or _FIGURES.fullmatch(name):
            return False
        if tagged and name in patterns.not_names and not self.has_company(start, end):
            return False
        if not tagged and any(name.startswith(word) for word in patterns.not_names):
            return False
        if (_NOT_SAID if tagged else _NOT_GIVEN).search(name, 1):
            return False
        if sure:
            return True
        place = len(name) > 2 and patterns.place_end.search(name) is not None
        return not place and not patterns.brand.match(self.text, end)

    def has_company(self, start: int, end: int) -> bool:
        """Whether a calling before or a title, kin or deed behind shows that this is a person."""
        text, patterns = self.text, self.patterns
        return bool(
            patterns.title.match(text, end)
            or patterns.kin.match(text, end)
            or patterns.acting.match(text, end)
            or patterns.called_here.search(text, 0, start)
        )

    def tagged_name(self, start: int, end: int) -> Name | None:
        """The name in a word LAC takes for a person: without title, 某, 家, 老 or 小."""
        text, patterns = self.text, self.patterns
        calling = patterns.calling.match(text, start, end)
        begin = calling.end() if calling and calling.end() < end else start
        begin += text.startswith("班主任", start - 2) and start >= 2
        name = text[begin:end]
        if name.startswith(patterns.figures):
            return None
        for found in patterns.title.finditer(name):
            # A single character is a title behind a surname only: 王姐, but 王秀姑.
            given = found.start() - (2 if name[:2] in patterns.compound else 1)
            called = given > 0 and (
                len(found[0]) > 1 or patterns.given.issuperset(name[: found.start()])
            )
            if found.end() == len(name) and (given == 0 or called):
                return Name(begin, begin + found.start(), (begin, end))
        if len(name) > 1 and name[0] in "老小" and name[1] in patterns.surnames:
            return Name(begin + 1, begin + 2, (begin, end))
        if len(name) == 2 and name[1] == "家" and name[0] in patterns.surnames:
            if patterns.brand.match(text, end):
                return None
            return Name(begin, end - 1, (begin, end))
        return Name(begin, end, (begin, end)) if len(name) > 1 else None

    def begins_like_name(self, name: Name) -> bool:
        """A surname with one or two characters, or with what shows that it is one."""
        first, length = self.text[name.start], name.end - name.start
        if self.text[name.start : name.start + 2] in self.patterns.compound:
            return length <= 4
        if length == 1:
            return name.whole[1] > name.end and first not in self.patterns.rare
        return first in self.patterns.surnames and length <= 3

    def word_before(self, start: int) -> Word | None:
        return next((word for word in self.words if word[1] == start), None)

    def mended(self, name: Name) -> Name:
        """`name` with the character LAC cut off (马云 飞), or without the figure it took on."""
        text, end = self.text, name.end
        if (
            end - name.start == 3
            and text[end - 1] in "一二三四五六几两"
            and text[end : end + 1] in ("个", "人", "口")
        ):
            return Name(name.start, end - 1, (name.start, end - 1))
        word_end, tag = self.at.get(end, (0, ""))
        if (
            end - name.start == 2
            and text[end : end + 1] in self.patterns.given
            and word_end == end + 1
            and self.patterns.called_here.search(text, 0, name.start)
        ):
            return Name(name.start, end + 1, (name.start, end + 1))
        if tag == "m" and word_end == end + 1 and not _MEASURE.match(text, word_end):
            return Name(name.start, word_end, (name.start, word_end))
        goes_on = self.patterns.doing.match(text, end + 1) or not _HAN.match(text, end + 1)
        if (
            end - name.start == 2
            and text[name.start] in self.patterns.surnames
            and word_end == end + 1
            and (tag in ("n", "m", "nz", "nw", "PER") or text[end] in self.patterns.given)
            and goes_on
            and not self.patterns.doing.match(text, end)
            and not self.patterns.title.match(text, end)
            and _HAN.match(text, end)
        ):
            return Name(name.start, end + 1, (name.start, end + 1))
        return name

    def full_name(self, start: int, *, sure: bool, called: bool = False) -> int | None:
        """Where the full name that begins at `start` ends, None if none does. `sure`: all around
        says that one does, so LAC need not think so; `called`: what stands before says so."""
        text, patterns = self.text, self.patterns
        length = 2 if text[start : start + 2] in patterns.compound else 1
        if length == 1 and text[start : start + 1] not in patterns.surnames:
            return None
        end, tag = self.at.get(start, (0, ""))
        if tag == "PER" and end - start > length:
            name = self.tagged_name(start, end)
            return name.end if name and self.is_name(start, name.end, sure=True) else None
        alone = not _HAN.match(text, start + 3) and text[start] not in patterns.rare
        if not sure and end - start > 1 and tag in _PLAIN and not (called and alone):
            return None
        if not sure and length == 1 and text[start] in patterns.rare and tag != "n":
            return None
        if patterns.title.match(text, start + length):
            return start + length
        given = _HAN.match(text, start + length, start + length + 2)
        if given is None:
            return None
        ends = [e for e in (start + length + 2, start + length + 1) if e <= given.end()]
        bounded = [e for e in ends if e in self.ends]
        end = bounded[0] if bounded else ends[0] if sure else 0
        return end if end and self.is_name(start, end, sure=sure) else None


def _foreign(said: _Said) -> Iterator[Name]:
    for found in _DOTTED.finditer(said.text):
        # What LAC holds together left of the point belongs to the name, what precedes does not.
        dot = found.start() + _POINT.search(found[0]).start()  # type: ignore[union-attr]
        start = max((s for s, e, _ in said.words if s < dot <= e), default=found.start())
        while (before := said.word_before(start)) and before[2] == "PER":
            start = before[0]
        if start >= found.start() and not _ESTATE.search(found[0]):
            yield _name(start, found.end())
    for found in _LATIN.finditer(said.text):
        yield _name(*found.span())
    for found in said.patterns.ethnic.finditer(said.text):
        if found.start() in said.at:
            yield _name(*found.span())


def _told(said: _Said) -> Iterator[Name]:
    """我姓邓, 弓长张, 我叫区."""
    for found in said.patterns.surname_told.finditer(said.text):
        yield _name(*found.span(found.lastindex or 0))
    for found in said.patterns.spelt.finditer(said.text):
        yield _name(found.end() - 1, found.end())


def _called(said: _Said) -> Iterator[Name]:
    """我叫刘桂兰, 会计覃有才, also more than one of them."""
    for pattern, sure in ((said.patterns.certain, True), (said.patterns.calling, False)):
        for found in pattern.finditer(said.text):
            start = found.end()
            while (end := said.full_name(start, sure=sure, called=True)) is not None:
                name = said.mended(_name(start, end))
                end = name.end
                yield name
                if said.text[end : end + 1] not in "、,，和" or end >= len(said.text):
                    break
                start = end + 1


def _outright(said: _Said) -> Iterator[Name]:
    """我叫平安, 会计高明收钱: everyday words, but in a name's place."""
    for found in said.patterns.named_outright.finditer(said.text):
        if found.end(found.lastindex or 0) in said.ends:
            yield _name(*found.span(found.lastindex or 0))
    for found in said.patterns.role.finditer(said.text):
        start = found.start(1)
        end, tag = said.at.get(start, (0, ""))
        if end - start not in (2, 3) or tag not in ("n", "nz", "a", "an", "vn", "v", "LOC", "nw"):
            continue
        named = said.text[start] in said.patterns.surnames and said.is_name(start, end)
        if named and (said.patterns.doing.match(said.text, end) or not _HAN.match(said.text, end)):
            yield _name(start, end)


def _with_phone(said: _Said) -> Iterator[Name]:
    for found in said.patterns.before_phone.finditer(said.text):
        start, end = found.span(1)
        doubtful = (
            said.text[start] in said.patterns.rare and said.at.get(start, (0, ""))[1] != "PER"
        )
        if start in said.at and not doubtful and said.is_name(start, end):
            yield _name(start, end)
    for found in said.patterns.last.finditer(said.text):
        yield _name(*found.span(1))


def _known_by_kin(said: _Said) -> Iterator[Name]:
    """高兴是我女儿的名字, and signatures."""
    for clause in _CLAUSE.finditer(said.text):
        for length in (2, 3):
            end = clause.start() + length
            if said.patterns.kin.match(said.text, end) and _HAN.fullmatch(
                said.text, clause.start(), end
            ):
                yield _name(clause.start(), end)
        signed = said.patterns.signing.search(clause[0])
        if signed and 2 <= signed.start() <= 4:
            yield _name(clause.start(), clause.start() + signed.start())


def _titled(said: _Said) -> Iterator[Name]:
    """王主任, 方正同志, 建国叔."""
    for found in said.patterns.titled.finditer(said.text):
        start, end = found.span(1)
        word_end, tag = said.at.get(start, (0, ""))
        if not word_end and said.patterns.called_here.search(said.text, 0, start):
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
        grammar = tag in _GRAMMAR and not leaning and not addressed
        whole_word = word_end in (end, found.end()) or tag == "PER"
        if (
            grammar
            or not whole_word
            or any(said.text.startswith(word, start) for word in said.patterns.not_names)
        ):
            continue
        yield Name(start, end, (start, found.end()))
    for start, end, tag in said.words:
        title = said.patterns.title.match(said.text, end)
        name = said.text[start:end]
        if title is None or not 2 <= end - start <= 4 or not _HAN.fullmatch(name):
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


def _at_head(said: _Said) -> Iterator[Name]:
    """何美主任, 金宝家: two characters at the head of a clause LAC sees no word in."""
    for clause in _CLAUSE.finditer(said.text):
        start, end = clause.start(), clause.start() + 2
        if said.text[start] not in said.patterns.surnames or not said.is_name(start, end):
            continue
        title = said.patterns.title.match(said.text, end)
        split = said.at.get(start, (0, ""))[0] == start + 1 and end in said.ends
        if title and split and title.end() - title.start() > 1:
            yield _name(start, end)
        home = said.at.get(end, (0, ""))[0] == end + 1 and said.text[end] == "家"
        if home and said.at.get(start, (0, ""))[1] in ("n", "nz", "a", "PER"):
            yield _name(start, end)


def _familiar(said: _Said) -> Iterator[Name]:
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
            yield _name(*found.span())
    for found in said.patterns.doubled.finditer(said.text):
        tag = said.at.get(found.start(), (0, ""))[1]
        followed = said.patterns.doing.match(said.text, found.end())
        if tag in ("PER", "nz", "nw") or (tag in ("n", "a") and followed):
            yield _name(*found.span())
    for found in said.patterns.pet.finditer(said.text):
        if found.start() in said.at and (
            found.end() in said.ends or said.at[found.start()][1] == "PER"
        ):
            yield _name(*found.span())


def _tagged(said: _Said) -> Iterator[Name]:
    """What LAC takes for a person's name."""
    for start, end, tag in said.words:
        if tag != "PER" or end - start < 2 or not _HAN.fullmatch(said.text, start, end):
            continue
        name = said.tagged_name(start, end)
        if name and said.is_name(name.start, name.end):
            yield said.mended(name)


def _beside(said: _Said, found: list[Name]) -> Iterator[Name]:
    """Names in a list with names: 吕梁、谭笑三个人."""
    for known in found:
        before = said.patterns.listed_before.search(said.text, 0, known.start)
        if before and (before.start(1) in said.at or before.start(1) == 0):
            yield _name(*before.span(1))
        after = said.patterns.listed_after.match(said.text, known.end)
        end = said.full_name(after.end(), sure=True) if after else None
        if after and end is not None and end - after.end() > 1:
            yield _name(after.end(), end)


def _doing(said: _Said) -> Iterator[Name]:
    """A full name at the head of a clause, of one who does something."""
    for clause in _CLAUSE.finditer(said.text):
        start = clause.start()
        end = said.full_name(start, sure=False)
        if end is None or not said.is_name(start, end):
            continue
        if said.at.get(start, (0, ""))[1] not in _ALONE:
            continue
        if end == clause.end() or said.patterns.doing.match(said.text, end):
            yield _name(start, end)


def _perhaps(said: _Said) -> Iterator[Name]:
    """What may be a name by itself and has the company of one."""
    patterns = said.patterns
    for start, end in said.perhaps:
        name = said.tagged_name(start, end) if _HAN.fullmatch(said.text, start, end) else None
        if name is None or not said.is_name(name.start, name.end):
            continue
        text = said.text
        if patterns.title.fullmatch(text, name.start, name.end):
            continue
        strong = (
            name.whole[1] > name.end
            or patterns.title.match(text, name.end)
            or patterns.called_here.search(text, 0, name.start)
            or patterns.kin.match(text, name.end)
        )
        if not said.begins_like_name(name):
            if strong and 2 <= name.end - name.start <= 4:
                yield name
            continue
        word_end, tag = said.at.get(name.start, (0, ""))
        everyday = word_end == name.end and tag in _PLAIN and name.end - name.start > 1
        acts = patterns.acting.match(text, name.end)
        weak = patterns.doing.match(text, name.end) or not _HAN.match(text, name.end)
        if (
            strong
            or (weak and not everyday)
            or ((acts and tag in ("n", "a", "LOC", "vn")) or (weak and tag == "ORG"))
        ):
            yield name


_SIGNS: tuple[Callable[[_Said], Iterator[Name]], ...] = (
    _foreign, _told, _called, _outright, _known_by_kin, _with_phone, _titled, _tagged, _at_head, _familiar, _doing, _perhaps,
)  # fmt: skip


def _name(start: int, end: int) -> Name:
    return Name(start, end, (start, end))
