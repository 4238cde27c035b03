"""A deployment's own wording of what is said to citizens: checked so that it can always be said."""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter

from backend.conversation.parameters import parameters
from backend.deployment.effective import REPLIES, Contents, Effective, Shipped, reply_parameters
from backend.deployment.refusal import Problem, refuse_if_any

LONGEST_TEXT = 600
TWO_PARTS = 134
LONGEST_SIGNATURE = 22  # 【…】 in front of every SMS (channels/sms/signature.py)
LONGEST_SMS = TWO_PARTS - LONGEST_SIGNATURE
"""Characters of an SMS, filled in with the longest of all, without its options."""
Wording = Mapping[str, str]


def needed(shipped: Wording) -> frozenset[str]:
    """Parameters no wording may leave out: those all shipped wordings use."""
    return frozenset.intersection(*(reply_parameters({"": one}) for one in shipped.values()))


def filled_in(key: str, wording: str) -> str:
    """With values as long as can be; it must have been checked."""
    return wording.format(**{name: one.longest_value(key) for name, one in parameters().items()})


def put_wording(now: Effective, shipped: Shipped, key: str, text: str, sms: str) -> Contents:
    """The texts with another wording of `key`; without `sms` an SMS says `text`. Raises
    ChangeRefused, KeyError for an unknown key."""
    text, sms = text.strip(), sms.strip()
    known = shipped.contents[REPLIES][key]
    problems = _problems("text", text, known, LONGEST_TEXT)
    problems += _problems("sms", sms, known, LONGEST_TEXT) if sms else []
    refuse_if_any(problems)
    length = len(filled_in(key, sms or text).strip())
    if length > LONGEST_SMS:
        params = {"length": length, "longest": LONGEST_SMS}
        refuse_if_any([Problem("sms", "sms_long" if sms else "sms_missing", params)])
    entry = {"text": text, "sms": sms} if sms else {"text": text}
    return {REPLIES: {**now.contents[REPLIES], key: entry}}


def shipped_wording(now: Effective, shipped: Shipped, key: str) -> Contents:
    """The texts with `key` as shipped. Raises KeyError."""
    return {REPLIES: {**now.contents[REPLIES], key: shipped.contents[REPLIES][key]}}


def _problems(field: str, wording: str, shipped: Wording, longest: int) -> list[Problem]:
    if not wording:
        return [Problem(field, "empty")]
    if len(wording) > longest:
        return [Problem(field, "long", {"longest": longest, "length": len(wording)})]
    try:
        parts = list(Formatter().parse(wording))
    except ValueError:
        return [Problem(field, "braces")]
    found = []
    used: set[str] = set()
    for _, name, layout, conversion in parts:
        if name is None:
            continue
        used.add(name)
        if name not in reply_parameters(shipped) or layout or conversion:
            choice = "、".join(f"{{{one}}}" for one in sorted(reply_parameters(shipped)))
            params = {"given": f"{{{name}}}", "choice": choice or "—"}
            found.append(Problem(field, "parameter" if choice else "no_parameters", params))
    found += [
        Problem(field, "parameter_missing", {"given": f"{{{name}}}"})
        for name in sorted(needed(shipped) - used)
    ]
    return found
