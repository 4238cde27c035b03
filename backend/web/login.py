"""Logging in, the same for the page and the API: limits first, then the password."""

from __future__ import annotations

from aiohttp import web

from backend.organisation.code_login import ChallengeOver, log_in_with_code
from backend.organisation.lockout import Locked
from backend.organisation.sessions import CodeNeeded, LoggedIn, WrongCredentials, log_in
from backend.organisation.users import normal_login
from backend.web.client import client_ip
from backend.web.dependencies import WebDependencies

LOGIN_LENGTH = 64
PASSWORD_LENGTH = 256
AGENT_LENGTH = 255
CODE_LENGTH = 32


class TooManyAttempts:
    """From this address, or for this log-in from this address."""


async def try_log_in(
    request: web.Request, deps: WebDependencies, login: str, password: str
) -> LoggedIn | CodeNeeded | WrongCredentials | Locked | TooManyAttempts:
    """Check the limits per address and per address and log-in, then the password."""
    ip = client_ip(request, deps.trusted_proxies)
    key = f"{ip} {normal_login(login)[:LOGIN_LENGTH]}"
    if not deps.attempts_per_address.allow(ip) or not deps.attempts_per_login.allow(key):
        return TooManyAttempts()
    if len(login) > LOGIN_LENGTH or len(password) > PASSWORD_LENGTH or not login.isprintable():
        return WrongCredentials()
    result = await log_in(deps.database, login, password, ip, _agent(request), deps.clock.now())
    if isinstance(result, LoggedIn | CodeNeeded):
        deps.attempts_per_login.forget(key)
    return result


async def try_code(
    request: web.Request, deps: WebDependencies, challenge: str, code: str
) -> LoggedIn | WrongCredentials | Locked | ChallengeOver | TooManyAttempts:
    """The second step, under the same limit per address. Raises SecretUnreadable."""
    ip = client_ip(request, deps.trusted_proxies)
    if not deps.attempts_per_address.allow(ip):
        return TooManyAttempts()
    if len(code) > CODE_LENGTH:
        code = ""
    return await log_in_with_code(
        deps.database, deps.totp_box, challenge, code, ip, _agent(request), deps.clock.now()
    )


def _agent(request: web.Request) -> str:
    agent = request.headers.get("User-Agent", "").encode("utf-8", "replace").decode()
    return agent[:AGENT_LENGTH]
