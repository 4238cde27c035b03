"""Figures, places and parts of the overview as people say them."""

from __future__ import annotations

from aiohttp import web

from backend.console.petition_page import domain_name
from backend.console.wording import day_words
from backend.overview.cut import Cut
from backend.overview.period import Period
from backend.overview.summary import SOMEWHERE, Summary
from backend.overview.working_time import DAY_SECONDS
from backend.web.dependencies import WebDependencies
from backend.web.texts import TEXTS, OfficialTexts

OVERVIEW_TEXTS = web.AppKey("xiangyin_overview_texts", OfficialTexts)
FEW = 20


def place_names(deps: WebDependencies, code: str) -> tuple[str, str, str]:
    """Township, village, and both together, '' where unknown."""
    divisions = deps.rules.catalogue.divisions
    division = divisions.get(code)
    if division is None or division.level == "county":
        return "", "", ""
    if division.level == "township":
        return division.name, "", division.name
    above = divisions[division.parent].name if division.parent else ""
    return above, division.name, above + division.name


def duration(seconds: int | None) -> str:
    """'40 分钟', '6.5 小时', '2.3 个工作日' of working time; '—' for None."""
    if seconds is None:
        return "—"
    if seconds < 3600:
        return f"{seconds // 60} 分钟"
    if seconds < DAY_SECONDS:
        return f"{seconds / 3600:.1f} 小时"
    return f"{seconds / DAY_SECONDS:.1f} 个工作日"


def period_words(period: Period) -> str:
    """'11月1日—11月30日', with the year where it is not the same."""
    first, last = day_words(period.first), day_words(period.last)
    if period.first == period.last:
        return first
    if period.first.year != period.last.year:
        first = f"{period.first.year}年{first}"
    return f"{first}—{last}"


def cut_title(request: web.Request, cut: Cut, deps: WebDependencies) -> str:
    """What a list of petitions is a list of."""
    words, texts = request.app[OVERVIEW_TEXTS], request.app[TEXTS]
    if cut.by == "domain":
        return domain_name(deps, cut.key)
    if cut.by == "channel":
        return texts.word("channels", cut.key)
    if cut.by == "rating" and cut.key.isdigit():
        return texts.word("ratings", int(cut.key))
    if cut.by == "day":
        return f"{cut.key} 收到的"
    if cut.by == "place":
        town = cut.key.removeprefix(SOMEWHERE)
        name = place_names(deps, town)[2] or str(words.places["unknown"])
        return name if town == cut.key else f"{name}（{words.places['somewhere']}）"
    if cut.by == "timeliness" and cut.key != "decided":
        return words.word("timeliness", cut.key)
    return words.word("cuts", cut.key if cut.key in words.cuts else cut.by)


def change(now: Summary, before: Summary) -> str:
    """Against the period before: in percent, or in petitions where there were few."""
    difference = now.received - before.received
    if difference == 0:
        return "与上期持平"
    word = "增加" if difference > 0 else "减少"
    if before.received < FEW:
        return f"比上期{word} {abs(difference)} 件"
    return f"比上期{word} {abs(difference) / before.received:.0%}"


def percent(share: float | None) -> str:
    """'89.8%', '—' for None."""
    return "—" if share is None else f"{share:.1%}"


def mean(rating: float | None) -> str:
    """'4.21', '—' for None."""
    return "—" if rating is None else f"{rating:.2f}"
