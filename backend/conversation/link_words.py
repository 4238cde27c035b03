"""Which messages are about linking a phone number: '绑定手机', a bare number or code while we wait
for one, '解绑'. Pure."""

from __future__ import annotations

import re

from backend.petitions.number import parse_number
from backend.triage.cleaning import clean

LINK_PHONE, LINK_CODE, UNLINK_PHONE = "link_phone", "link_code", "unlink_phone"
LINKING_RULES = frozenset({LINK_PHONE, LINK_CODE, UNLINK_PHONE})

_POLITE = "(?:请|我要|我想|帮我|要|想)?"
_WHAT = "(?:一下)?(?:我的|这个)?(?:手机号码|手机号|手机|电话号码|电话|号码|号)?(?:一下)?"
_NUMBER = r"(?P<number>\+?\d[\d \-]{5,22})"
_LINK = re.compile(rf"{_POLITE}(?:绑定|关联){_WHAT}(?:[是为:：，, ]{{0,2}}{_NUMBER})?")
_UNLINK = re.compile(rf"{_POLITE}(?:解绑|解除绑定|取消绑定|解除关联){_WHAT}")
_BARE_NUMBER = re.compile(
    rf"(?:我的)?(?:手机号码|手机号|手机|电话|号码)?[是为:：，, ]{{0,2}}{_NUMBER}"
)
_CODE = re.compile(r"(?:验证码)?[是为:： ]{0,2}(?P<code>\d{6})")
_MOBILE = re.compile(r"(?:\+?86|0086)?(1[3-9]\d{9})")
_EDGE = " 。.!！,，、~"
LONGEST = 60


def link_rule(text: str, *, linking: bool) -> str | None:
    """The rule that answers a message, None for all others. `linking`: a number or a code was
    asked for lately."""
    if len(text) > LONGEST or not (linking or "绑" in text or "綁" in text or "关联" in text):
        return None
    said = _bare(text)
    if _LINK.fullmatch(said):
        return LINK_PHONE
    if _UNLINK.fullmatch(said):
        return UNLINK_PHONE
    if not linking:
        return None
    if _CODE.fullmatch(said):
        return LINK_CODE
    is_number = _BARE_NUMBER.fullmatch(said) and parse_number(said) is None
    return LINK_PHONE if is_number else None


def number_in(text: str) -> str | None:
    """The number given with the wish, whatever it is; None where there is none."""
    match = _LINK.fullmatch(_bare(text)) or _BARE_NUMBER.fullmatch(_bare(text))
    return match["number"] if match and match["number"] else None


def mobile_number(number: str) -> str | None:
    """The 11 digits of a Chinese mobile number as SMS accounts know it; None for any other."""
    match = _MOBILE.fullmatch(re.sub(r"[ \-]", "", number))
    return match[1] if match else None


def code_in(text: str) -> str | None:
    """The six digits of a code."""
    match = _CODE.fullmatch(_bare(text))
    return match["code"] if match else None


def _bare(text: str) -> str:
    return clean(text).text.strip(_EDGE)
