"""The patterns of data/rules/names.yml, compiled."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from backend.triage.rule_file import PatternsError, read_rules


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
                rf"({surname}[一-龥]{{1,2}})(?:收|,|，)?[, ]?"
                r"(?:联系|手机|电话|tel|TEL)*(?:号码|号)?[:, ]?"
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
