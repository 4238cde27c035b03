"""What a correction puts in place of what: '不是3号楼，是5号楼', '是上柳村，不是下柳村'."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PART = "[^,，。.;；!！?？\\s]"
_NOT_BUT = re.compile(
    f"不(?:是|在|叫)(?P<wrong>{_PART}{{1,20}}?)[,，。;；\\s]*"
    f"(?:而|应该|应当|实际上?|其实)*(?:是|在|叫)(?P<right>{_PART}{{1,40}})"
)
_BUT_NOT = re.compile(
    f"(?:是|在|叫)(?P<right>{_PART}{{1,40}}?)[,，。;；\\s]*(?<!要)(?:而|并)?不(?:是|在|叫)(?P<wrong>{_PART}{{1,20}})"
)
_INSTEAD = re.compile(
    f"(?:改成|改为|换成|换到|应该是|应当是|应该在|应该叫|应为|其实是|其实在|实际是)(?P<right>{_PART}{{1,40}})"
)
_TAIL = re.compile("[的了啊呀吧呢嘛]+$")
_DENIED_BEFORE = re.compile("(?<!是)不(?:是|在|叫|是在|要写)$|(?:并非|别写)$")
_DENIED_AFTER = re.compile("(?:给)?(?:写|说|打|搞|弄|记|听)?(?:的?(?:不对|错))")


@dataclass(frozen=True)
class Correction:
    """`right` instead of `wrong`, which is not always named."""

    right: str
    wrong: str | None = None


def correction(text: str) -> Correction | None:
    """The first one in the text."""
    for pattern in (_NOT_BUT, _BUT_NOT):
        found = pattern.search(text)
        if found and found["wrong"] != found["right"]:
            return Correction(_TAIL.sub("", found["right"]), _TAIL.sub("", found["wrong"]))
    found = _INSTEAD.search(text)
    return Correction(_TAIL.sub("", found["right"])) if found else None


def is_denied(text: str, start: int, end: int) -> bool:
    """Whether `text[start:end]` is named only to say that it is wrong."""
    return bool(_DENIED_BEFORE.search(text[:start]) or _DENIED_AFTER.match(text, end))
