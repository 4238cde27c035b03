"""When something began, from the words people say it in: a date as exact as they are."""

import re
from collections.abc import Callable
from datetime import date, timedelta

from backend.triage.numerals import parse_numeral

_N = r"(?:\d+(?:\.\d+)?|[零〇一二三四五六七八九十两百]+|半)"
_FULL = re.compile(
    r"(?P<year>\d{4}|\d{2}|[一二三四五六七八九零〇]{4})[年./-]"
    rf"(?:(?P<month>{_N})[月./-]?份?(?:(?P<day>{_N})[日号]?)?)?"
    r"(?P<part>上旬|中旬|下旬|初|底|末)?"
)
_NAMED_YEAR = re.compile(
    rf"(?P<year>大前年|前年|去年|上年|今年)(?:的)?(?:(?P<month>{_N})月份?(?:(?P<day>{_N})[日号])?)?"
    r"(?P<rest>.*)"
)
_MONTH = re.compile(
    rf"(?P<month>{_N})月份?(?:(?P<day>{_N})[日号])?(?P<part>上旬|中旬|下旬|初|底|末)?"
)
_SPAN = re.compile(
    rf"(?:好|整整|将近|快|差不多|足足|都|已经|近|有|大)*(?P<number>{_N})(?:多|来|几)?"
    r"(?P<half>个半|个)?(?:多)?(?P<unit>年|月|星期|周|礼拜|天|小时|钟头|分钟|晚上|季度|学期)(?P<more>半|多)?"
)
_WEEK = re.compile(r"(?P<which>上上|上|这|本)?个?(?:周|星期|礼拜)(?P<day>[一二三四五六日天末])?")
_LAST_MONTH = re.compile(
    rf"(?P<which>上上|上|这|本|当)个?月(?:(?P<day>{_N})[日号])?"
    r"(?P<part>上旬|中旬|下旬|初|底|末)?"
)
_AGO = {"大前年": 3, "前年": 2, "去年": 1, "上年": 1, "今年": 0}
_DAYS = {
    "大前天": 3, "前天": 2, "前晚": 2, "昨天": 1, "昨日": 1, "昨晚": 1, "昨夜": 1, "今天": 0,
    "今日": 0, "今早": 0, "今晨": 0, "今晚": 0, "刚才": 0, "刚刚": 0, "当天": 0,
}  # fmt: skip
_PARTS = {"上旬": "01", "初": "01", "中旬": "11", "下旬": "21", "底": "21", "末": "21"}
_IN_A_YEAR = {
    "年初": "01", "初": "01", "年中": "06", "中": "06", "年底": "12", "底": "12", "年末": "12",
    "末": "12", "元旦": "01-01", "五一": "05-01", "国庆节": "10-01", "国庆": "10-01",
    "开春": "03", "春天": "03", "春季": "03", "入春": "03", "夏天": "06", "夏季": "06",
    "入夏": "06", "暑假": "07", "秋天": "09", "秋季": "09", "入秋": "09", "开学": "09",
    "冬天": "12", "冬季": "12", "入冬": "11", "上半年": "01", "下半年": "07",
    "清明节": "04-05", "清明": "04-05",
}  # fmt: skip
_UNITS = {"天": 1, "晚上": 1, "周": 7, "星期": 7, "礼拜": 7}
_WEEKDAYS = "一二三四五六日"
_AROUND = re.compile(
    r"^(?:从|自从|自|打从|打)|(?:开始|以来|起|至今|到现在|前后|左右|期间|以后|之后|那会儿?|的时候|了|以上)+$"
)


def since(words: str, today: date) -> str | None:
    """The day, month or year that `words` (an entity `time`) tell of, seen from `today`
    (Shanghai's): '2026-03-05', '2026-03', '2025'. None where they tell none (最近, 长期)."""
    said = _AROUND.sub("", _AROUND.sub("", words)).removesuffix("前").strip()
    for read in _READERS:
        found = read(said, today)
        if found is not None:
            return found
    return None


def _full(said: str, today: date) -> str | None:
    found = _FULL.match(said)
    year = _int(found["year"]) if found else None
    if found is None or year is None:
        return None
    year = year if year > 99 else 2000 + year
    return _written(year, _int(found["month"]), _int(found["day"]), found["part"])


def _in_named_year(said: str, today: date) -> str | None:
    found = _NAMED_YEAR.match(said)
    if found is None:
        return None
    year = today.year - _AGO[found["year"]]
    if found["month"]:
        return _written(year, _int(found["month"]), _int(found["day"]), found["rest"] or None)
    return _named(year, found["rest"]) or str(year)


def _day(said: str, today: date) -> str | None:
    for word, ago in _DAYS.items():
        if said.startswith(word):
            return (today - timedelta(days=ago)).isoformat()
    return None


def _week(said: str, today: date) -> str | None:
    found = _WEEK.match(said)
    if found is None or (found["which"] is None and found["day"] is None):
        return None
    monday = today - timedelta(days=today.weekday())
    monday -= timedelta(weeks={"上上": 2, "上": 1}.get(found["which"] or "", 0))
    if found["day"] is None:
        return monday.isoformat()
    day = found["day"].replace("天", "日").replace("末", "六")
    when = monday + timedelta(days=_WEEKDAYS.index(day))
    # A bare 周五 is the last one.
    return (when if when <= today else when - timedelta(weeks=1)).isoformat()


def _last_month(said: str, today: date) -> str | None:
    found = _LAST_MONTH.match(said)
    if found is None:
        return None
    back = {"上上": 2, "上": 1}.get(found["which"], 0)
    months = today.year * 12 + today.month - 1 - back
    return _written(months // 12, months % 12 + 1, _int(found["day"]), found["part"])


def _month(said: str, today: date) -> str | None:
    found = _MONTH.match(said)
    month = _int(found["month"]) if found else None
    if found is None or month is None or not 1 <= month <= 12:
        return None
    # A month that has not come yet was last year's.
    year = today.year - (month > today.month)
    return _written(year, month, _int(found["day"]), found["part"])


def _span(said: str, today: date) -> str | None:
    found = _SPAN.match(said)
    if found is None:
        return None
    number = 0.5 if found["number"] == "半" else parse_numeral(found["number"])
    if number is None:
        return None
    number += 0.5 if found["half"] == "个半" or found["more"] == "半" else 0
    unit = found["unit"]
    if unit in ("小时", "钟头", "分钟"):
        hours = number / 60 if unit == "分钟" else number
        return (today - timedelta(days=int(hours // 24))).isoformat()
    if unit in _UNITS:
        return _before(today, days=round(number * _UNITS[unit]))
    if unit == "月" and found["half"] is None and found["number"] != "半":
        return None  # 三月 is a month, not three of them
    months = number * {"年": 12, "月": 1, "季度": 3, "学期": 5}[unit]
    if months < 1:
        return _before(today, days=round(months * 30))
    whole = today.year * 12 + today.month - 1 - round(months)
    if unit == "年" and months >= 24:
        return str(whole // 12) if whole >= 12_000 else None
    return f"{whole // 12:04}-{whole % 12 + 1:02}"


def _festival(said: str, today: date) -> str | None:
    found = _named(today.year, said)
    if found is not None and found > today.isoformat()[: len(found)]:
        found = _named(today.year - 1, said)
    return found


def _named(year: int, said: str) -> str | None:
    for word, when in sorted(_IN_A_YEAR.items(), key=lambda one: -len(one[0])):
        if said.startswith(word):
            return f"{year}-{when}"
    return None


def _before(today: date, days: int) -> str | None:
    return (today - timedelta(days=days)).isoformat() if days < 3650 else None


def _written(year: int, month: int | None, day: int | None, part: str | None) -> str | None:
    if month is None:
        rest = _named(year, part) if part else None
        return rest or f"{year:04}"
    if day is None and part in _PARTS:
        day = int(_PARTS[part])
    try:
        when = date(year, month, day or 1)
    except ValueError:
        return None
    return when.isoformat() if day else f"{year:04}-{month:02}"


def _int(text: str | None) -> int | None:
    value = parse_numeral(text) if text else None
    return None if value is None else int(value)


_READERS: tuple[Callable[[str, date], str | None], ...] = (
    _full, _in_named_year, _day, _week, _last_month, _month, _span, _festival,
)  # fmt: skip
