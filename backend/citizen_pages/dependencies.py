"""What citizens' pages are given by the composition root."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path

from aiohttp import web

from backend.citizen_pages.signing import Signer
from backend.conversation.message_links import MessageLinks
from backend.database.engine import Database
from backend.petitions.rules import PetitionRules
from backend.ports import Clock, PageLogin
from backend.web.attempts import Attempts
from backend.web.texts import OfficialTexts

# A carrier's whole town may come from one address.
ENTRIES_PER_ADDRESS = 300
ENTRIES_WINDOW = timedelta(minutes=5)


@dataclass(frozen=True)
class CitizenPages:
    """`logins`: account name → who tells its visitors apart. `public_url`: our address as citizens
    reach it. `data_folder` holds texts/citizen_pages.yml, `media_folder` keeps
    `<sha[:2]>/<sha>.shown`. `secret_key` is the installation's. `links_phones`: whether a code can
    be sent by text message."""

    database: Database
    clock: Clock
    rules: PetitionRules
    logins: Mapping[str, PageLogin]
    public_url: str
    secret_key: Callable[[], bytes]
    data_folder: Path
    media_folder: Path
    links_phones: bool
    trusted_proxies: Sequence[str] = field(default=())

    @property
    def secure_cookies(self) -> bool:
        return self.public_url.startswith("https://")

    @cached_property
    def signer(self) -> Signer:
        return Signer(self.secret_key(), self.clock)

    @cached_property
    def message_links(self) -> MessageLinks:
        return MessageLinks(self.secret_key, self.public_url)

    @cached_property
    def entries_per_address(self) -> Attempts:
        return Attempts(self.clock, limit=ENTRIES_PER_ADDRESS, window=ENTRIES_WINDOW)

    @cached_property
    def texts(self) -> OfficialTexts:
        return OfficialTexts(self.data_folder / "texts" / "citizen_pages.yml")


PAGES = web.AppKey("xiangyin_citizen_pages", CitizenPages)


def pages_of(request: web.Request) -> CitizenPages:
    """Of the app that answers this request."""
    return request.config_dict[PAGES]
