"""Password hashes (argon2id) and what a password must be.

Hashing runs in two threads of its own: it takes some 50 ms and 32 MiB each, which neither the
event loop nor the machine's memory should pay for many log-ins at once.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import unicodedata
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from backend.data_file import read_yaml

SHORTEST = 12
LONGEST = 128
_FEWEST_DIFFERENT = 5
_FEWEST_LEFT = 5
_hasher = PasswordHasher(time_cost=3, memory_cost=32 * 1024, parallelism=1)
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="password")
_TEXTS = Path(__file__).parents[2] / "data" / "texts" / "passwords.yml"


class PasswordRefused(ValueError):
    """The password breaks the policy. `problem` is one of too_short, too_long, too_simple,
    names_the_user, common; the message is the sentence to show, in Chinese."""

    def __init__(self, problem: str) -> None:
        super().__init__(_texts()["problems"][problem].format(shortest=SHORTEST, longest=LONGEST))
        self.problem = problem


def check_password(password: str, *, login: str, name: str) -> None:
    """Raises PasswordRefused. Length and not being guessable count; no rules of character
    classes, which only make people write passwords down."""
    folded = _folded(password)
    if len(folded) < SHORTEST:
        raise PasswordRefused("too_short")
    if len(folded) > LONGEST:
        raise PasswordRefused("too_long")
    if len(set(folded)) < _FEWEST_DIFFERENT or folded.isdigit():
        raise PasswordRefused("too_simple")
    if any(len(word) >= 2 and _folded(word) in folded for word in (login, name)):
        raise PasswordRefused("names_the_user")
    if _common(folded):
        raise PasswordRefused("common")


def one_time_password(*, login: str, name: str) -> str:
    """Random, and as the policy wants it (a short log-in may turn up in one by chance); whoever
    gets it must choose their own at log-in."""
    while True:
        password = secrets.token_urlsafe(12)
        try:
            check_password(password, login=login, name=name)
        except PasswordRefused:
            continue
        return password


async def hash_password(password: str) -> str:
    """The argon2id hash, with salt and parameters."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_threads, _hasher.hash, _normal(password))


async def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether the password fits. None (no such user) costs the same time and is never right."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_threads, _verify, password_hash, _normal(password))


def needs_rehash(password_hash: str) -> bool:
    """True when the hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(password_hash)


def _verify(password_hash: str | None, password: str) -> bool:
    try:
        fits = _hasher.verify(password_hash or _nobody(), password)
    except (VerificationError, InvalidHashError):
        return False
    return fits and password_hash is not None


@cache
def _nobody() -> str:
    return _hasher.hash("nobody has this password")


def _normal(password: str) -> str:
    # The same keys give the same bytes on every phone; a lone surrogate cannot be encoded.
    return unicodedata.normalize("NFKC", password).encode("utf-8", "replace").decode("utf-8")


def _folded(password: str) -> str:
    return _normal(password).casefold()


def _common(password: str) -> bool:
    """True where little is left without the common words and the digits around them."""
    rest = password
    for word in sorted(_texts()["common"], key=len, reverse=True):
        rest = rest.replace(word, "")
    left = re.sub(r"[\d\W_]", "", rest)
    return rest != password and len(left) < _FEWEST_LEFT


@cache
def _texts() -> Mapping[str, Mapping[str, str]]:
    loaded: Mapping[str, Mapping[str, str]] = read_yaml(_TEXTS)
    return loaded
