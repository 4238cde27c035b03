"""The options of one WeChat account, checked when the channel is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from yarl import URL

from channels.wechat.encryption import EncodingKey
from channels.wechat.notice_fields import check_fields

API_BASE_URL = "https://api.weixin.qq.com"
OAUTH_BASE_URL = "https://open.weixin.qq.com"
MP_BASE_URL = "https://mp.weixin.qq.com"
_TOKENS = ("token", "previous_token")
_KEYS = ("encoding_aes_key", "previous_encoding_aes_key")
_NOTICES = (("template_id", "template_fields"), ("subscribe_template_id", "subscribe_fields"))
LONGEST_WAIT = 4.8  # WeChat disconnects after 5 s


@dataclass(frozen=True, slots=True)
class NoticeTemplate:
    """A template of WeChat's console; `fields` as `notice_fields.check_fields` gives them."""

    id: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class WechatOptions:
    """`tokens`: the word agreed with WeChat's console, signs every request; from `token` and, while
    WeChat changes over, `previous_token`. `app_secret` is only needed to call WeChat (pushes,
    media). `aes_keys`: from `encoding_aes_key` and, while WeChat changes over,
    `previous_encoding_aes_key`; with them only encrypted pushes are taken, unless `accept_plain`.
    `can_push`: whether the account may send customer-service messages (verified accounts).
    `reply_wait_seconds`: how long a webhook waits for the answer; 0 acknowledges at once.
    `timeout_seconds`: for one call to WeChat. `template` and `subscribe`: the notices sent where
    nothing else may be, from `template_id` and `template_fields`, `subscribe_template_id` and
    `subscribe_fields`. `menu_file`: a menu of the account's own, '' for the shipped one.
    `citizen_pages`: whether the account has web OAuth (verified service accounts), so that
    citizens' own pages can be opened from it."""

    tokens: tuple[str, ...] = field(repr=False)
    app_id: str
    app_secret: str = field(default="", repr=False)
    aes_keys: tuple[EncodingKey, ...] = ()
    accept_plain: bool = False
    can_push: bool = True
    reply_wait_seconds: float = 4.5
    api_base_url: str = API_BASE_URL
    timeout_seconds: float = 8.0
    template: NoticeTemplate | None = None
    subscribe: NoticeTemplate | None = None
    menu_file: str = ""
    citizen_pages: bool = True
    oauth_base_url: str = OAUTH_BASE_URL
    mp_base_url: str = MP_BASE_URL


def read_options(options: Mapping[str, Any]) -> WechatOptions:
    """Raises ValueError that names the option and says what it should be."""
    known = set(WechatOptions.__dataclass_fields__)
    known -= {"tokens", "aes_keys", "template", "subscribe"}
    known |= {*_TOKENS, *_KEYS, *(name for names in _NOTICES for name in names)}
    unknown = sorted(set(options) - known)
    if unknown:
        raise ValueError(f"wechat: unknown option {unknown[0]!r}")
    can_push = _flag(options, "can_push", default=True)
    read = WechatOptions(
        tokens=_tokens(options),
        app_id=_text(options, "app_id", "the account's AppID (wx…)"),
        app_secret=_text(options, "app_secret", "the account's AppSecret")
        if can_push or options.get("app_secret")
        else "",
        aes_keys=_keys(options),
        accept_plain=_flag(options, "accept_plain", default=False),
        can_push=can_push,
        reply_wait_seconds=_seconds(options, "reply_wait_seconds", 4.5, 0.0, LONGEST_WAIT),
        api_base_url=_base_url(options, "api_base_url", API_BASE_URL),
        timeout_seconds=_seconds(options, "timeout_seconds", 8.0, 0.05, 60.0),
        template=_notice(options, *_NOTICES[0], can_push=can_push),
        subscribe=_notice(options, *_NOTICES[1], can_push=can_push),
        menu_file=_text(options, "menu_file", "a file") if options.get("menu_file") else "",
        citizen_pages=_flag(options, "citizen_pages", default=True),
        oauth_base_url=_base_url(options, "oauth_base_url", OAUTH_BASE_URL),
        mp_base_url=_base_url(options, "mp_base_url", MP_BASE_URL),
    )
    if not read.can_push and read.reply_wait_seconds == 0:
        raise ValueError(
            "wechat: option reply_wait_seconds should be over 0 where can_push is false: "
            "the reply to a message is this account's only way to answer"
        )
    return read


def _notice(
    options: Mapping[str, Any], of_id: str, of_fields: str, *, can_push: bool
) -> NoticeTemplate | None:
    if of_id not in options and of_fields not in options:
        return None
    if not can_push:
        raise ValueError(f"wechat: option {of_id} needs can_push: it takes a verified account")
    template_id = _text(options, of_id, "the template's id in WeChat's console")
    return NoticeTemplate(template_id, check_fields(of_fields, options.get(of_fields)))


def _flag(options: Mapping[str, Any], name: str, *, default: bool) -> bool:
    value = options.get(name, default)
    if value not in (True, False):
        raise ValueError(f"wechat: option {name} should be true or false")
    return bool(value)


def _tokens(options: Mapping[str, Any]) -> tuple[str, ...]:
    current, previous = _TOKENS
    token = _text(options, current, "the Token set in WeChat's console")
    if not options.get(previous):
        return (token,)
    return token, _text(options, previous, "the Token set in WeChat's console before")


def _keys(options: Mapping[str, Any]) -> tuple[EncodingKey, ...]:
    current, previous = (options.get(name) for name in _KEYS)
    if previous and not current:
        raise ValueError(f"wechat: option {_KEYS[1]} needs {_KEYS[0]} beside it")
    keys = []
    for name in _KEYS:
        if not options.get(name):
            continue
        try:
            keys.append(EncodingKey(str(options[name]).strip()))
        except ValueError as error:
            raise ValueError(
                f"wechat: option {name} should be the 43 letters and digits of the EncodingAESKey"
            ) from error
    return tuple(keys)


def _text(options: Mapping[str, Any], name: str, what: str) -> str:
    value = options.get(name)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"wechat: option {name} should be {what}")
    return value.strip()


def _seconds(
    options: Mapping[str, Any], name: str, default: float, least: float, most: float
) -> float:
    value = options.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise ValueError(f"wechat: option {name} should be a number from {least} to {most} seconds")
    return float(value)


def _base_url(options: Mapping[str, Any], name: str, default: str) -> str:
    try:
        url = URL(str(options.get(name, default)))
    except ValueError:
        url = URL()
    if url.scheme not in ("http", "https") or not url.host:
        raise ValueError(f"wechat: option {name} should be an http(s) address")
    return str(url).rstrip("/")
