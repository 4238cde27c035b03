"""What officials' pages and the API are given by the composition root."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from aiohttp import web

from backend.conversation.texts import Texts
from backend.database.engine import Database
from backend.deployment.live import Deployment
from backend.learning.shelf import Shelf
from backend.organisation.secret_box import SecretBox
from backend.organisation.totp import PURPOSE
from backend.petitions.desk import Desk
from backend.petitions.rules import PetitionRules
from backend.ports import Clock
from backend.web.attempts import Attempts

# (account name, channel, text key, parameters) → the words the citizen gets.
PreviewWords = Callable[[str, str, str, Mapping[str, str | int | None]], str]
# (account name, words) → how many text messages they take there, with its signature.
SmsParts = Callable[[str, str], int]
# (begin, people by account name) → when all of them will have been asked.
AskingEnds = Callable[[datetime, Mapping[str, int]], datetime]
# A citizen's words, read and answered with nothing stored (backend.conversation.trial).
TryWords = Callable[[str], Awaitable[Mapping[str, Any]]]
Health = Callable[[], Awaitable[Mapping[str, Any]]]

ATTEMPTS_PER_LOGIN = 8
ATTEMPTS_PER_ADDRESS = 60
ATTEMPTS_WINDOW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class PushLimits:
    """What pushing keeps to: nothing from `quiet_from` until `quiet_until` (none where they are the
    same), at most `daily_cap` to one person on one day, `gap_days` between two surveys."""

    quiet_from: time
    quiet_until: time
    daily_cap: int
    gap_days: float


@dataclass(frozen=True)
class WebDependencies:
    """`data_folder` holds texts/console.yml; `assets_folder` is node_modules; `media_folder` keeps
    `<sha[:2]>/<sha>`. `looks`: account name → whose wording its citizens read ('wechat', 'sms').
    `health` gives {'ok': bool, 'bot': {'ok', …}, 'channels': {name: {'ok',
    'detail', …}}, 'triage': model, 'spooling': bool, …} and nothing secret. Officials of
    `totp_roles` must have an authenticator app."""

    database: Database
    desk: Desk
    rules: PetitionRules
    deployment: Deployment
    clock: Clock
    preview: PreviewWords
    texts: Texts
    looks: Mapping[str, str]
    sms_parts: SmsParts
    asking_ends: AskingEnds
    push_limits: PushLimits
    try_words: TryWords
    health: Health
    models: Shelf
    data_folder: Path
    media_folder: Path
    assets_folder: Path
    secure_cookies: bool
    secret_key: Callable[[], bytes]
    totp_roles: Collection[str] = frozenset()
    trusted_proxies: Sequence[str] = field(default=())

    @cached_property
    def totp_box(self) -> SecretBox:
        return SecretBox(self.secret_key(), PURPOSE)

    @cached_property
    def attempts_per_login(self) -> Attempts:
        return Attempts(self.clock, limit=ATTEMPTS_PER_LOGIN, window=ATTEMPTS_WINDOW)

    @cached_property
    def attempts_per_address(self) -> Attempts:
        return Attempts(self.clock, limit=ATTEMPTS_PER_ADDRESS, window=ATTEMPTS_WINDOW)


DEPENDENCIES = web.AppKey("xiangyin_web", WebDependencies)


def dependencies(request: web.Request) -> WebDependencies:
    """Of the app that answers this request."""
    return request.config_dict[DEPENDENCIES]
