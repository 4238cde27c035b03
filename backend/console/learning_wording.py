"""Models, readings and shares as people say them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from aiohttp import web

from backend.console.overview_wording import percent
from backend.console.petition_page import domain_name
from backend.console.wording import day_words
from backend.learning.drift import DriftCut
from backend.learning.drift_summary import Share
from backend.learning.shelf import SHIPPED, ShelvedModel
from backend.web.dependencies import WebDependencies
from backend.web.texts import TEXTS, OfficialTexts

LEARNING_TEXTS = web.AppKey("xiangyin_learning_texts", OfficialTexts)


def week_words(monday: date) -> str:
    """'11月16日—22日'."""
    sunday = monday + timedelta(days=6)
    last = f"{sunday.day}日" if sunday.month == monday.month else day_words(sunday)
    return f"{day_words(monday)}—{last}"


def value_words(request: web.Request, deps: WebDependencies, field: str, value: str) -> str:
    """A reading's value by its name."""
    texts = request.app[TEXTS]
    if field == "domain":
        return domain_name(deps, value)
    groups = {"kind": "kinds", "urgency": "urgencies", "sentiment": "sentiments"}
    return texts.word(groups[field], value) if field in groups else value


def cut_title(request: web.Request, deps: WebDependencies, cut: DriftCut) -> str:
    """What a list of corrected petitions is a list of."""
    field = request.app[LEARNING_TEXTS].word("fields", cut.field)
    if cut.read is None:
        return f"改过{field}的"
    read = value_words(request, deps, cut.field, cut.read)
    if cut.said is None:
        return f"系统认作“{read}”，被改过{field}的"
    return f"“{read}”改成“{value_words(request, deps, cut.field, cut.said)}”的"


def model_name(request: web.Request, name: str) -> str:
    return str(request.app[LEARNING_TEXTS].shipped) if name == SHIPPED else name


def model_facts(request: web.Request, model: ShelvedModel, read: Share) -> Mapping[str, Any]:
    """A model's card as the page shows it. `read`: how it did on what came in meanwhile."""
    card = model.card
    lessons: Mapping[str, int] = card.get("lessons", {})
    trial: Mapping[str, Any] | None = card.get("trial")
    cross = card["cross_validation"]
    return {
        "name": model_name(request, model.name),
        "version": model.version,
        "in_service": model.in_service,
        "trained_at": datetime.fromisoformat(card["trained_at"]),
        "digest": str(card["data_digest"])[:12],
        "counts": [
            ("authored", card["examples"] - sum(lessons.values())),
            *((source, count) for source, count in lessons.items() if count),
        ],
        "own_figures": [
            (question, percent(cross[question]["accuracy"])) for question in ("domain", "kind")
        ],
        "read": read,
        "read_share": percent(read.share),
        "taken": card.get("taken"),
        "reason": card.get("reason", ""),
        "trial": _trial_facts(request, card, trial) if trial else None,
    }


def _trial_facts(
    request: web.Request, card: Mapping[str, Any], trial: Mapping[str, Any]
) -> Mapping[str, Any]:
    names = {"kind": card["kinds"], "domain": card["domains"]}
    return {
        "against": model_name(request, trial["against"]),
        "rows": [(source, count) for source, count in trial["rows"].items() if count],
        "corrected": [percent(share) for share in trial["corrected"] or ()],
        "questions": [
            {
                "question": question,
                "whole": [
                    (figure, *(percent(share) for share in trial["answers"][question][figure]))
                    for figure in ("accuracy", "macro_f1")
                ],
                "classes": [
                    {
                        "name": names[question].get(code, code),
                        "rows": each["rows"],
                        "old": f"{100 * each['old']:.1f}",
                        "new": f"{100 * each['new']:.1f}",
                        "change": f"{round(100 * (each['new'] - each['old']), 1) + 0:+.1f}",
                    }
                    for code, each in sorted(
                        trial["answers"][question]["classes"].items(),
                        key=lambda one: -one[1]["rows"],
                    )
                ],
            }
            for question in ("domain", "kind")
        ],
    }
