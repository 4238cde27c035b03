"""Logging in, the same for the page and the API: limits first, then the password."""

from __future__ import annotations

from aiohttp import web

from backend.organisation.sessions import Locked, LoggedIn, WrongCredentials, log_in
from backend.organisation.users import normal_login
from backend.web.client import client_ip
from backend.web.dependencies import WebDependencies

LOGIN_LENGTH = 64
PASSWORD_LENGTH = 256
AGENT_LENGTH = 255


class TooManyAttempts:
    """From this address, or for this log-in from this address."""


async def try_log_in(
    request: web.Request, deps: WebDependencies, login: str, password: str
) -> LoggedIn | WrongCredentials | Locked | TooManyAttempts:
    """Check the limits per address and per address and log-in, then the password."""
    ip = client_ip(request, deps.trusted_proxies)
    key = f"{ip} {normal_login(login)[:LOGIN_LENGTH]}"
    if not deps.attempts_per_address.allow(ip) or not deps.attempts_per_login.allow(key):
        return TooManyAttempts()
    if len(login) > LOGIN_LENGTH or len(password) > PASSWORD_LENGTH or not login.isprintable():
        return WrongCredentials()
    agent = request.headers.get("User-Agent", "").encode("utf-8", "replace").decode()
    result = await log_in(
        deps.database, login, password, ip, agent[:AGENT_LENGTH], deps.clock.now()
    )
    if isinstance(result, LoggedIn):
        deps.attempts_per_login.forget(key)
    return result
