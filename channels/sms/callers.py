"""Who may call an account's callbacks: a shared key and, where set, a list of addresses."""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from aiohttp import web

# Only characters that no gateway rewrites in a URL template ('%' is Kannel's escape sign).
_KEY = re.compile(r"[A-Za-z0-9_-]{16,128}")

Network = IPv4Network | IPv6Network


def read_key(option: object) -> str:
    """Raises ValueError naming the option."""
    if not isinstance(option, str) or not _KEY.fullmatch(option):
        raise ValueError("sms: option key should be 16 to 128 letters, digits, '-' or '_'")
    return option


def read_networks(option: object, *, name: str = "allow_from") -> tuple[Network, ...]:
    """A list of addresses or networks ('10.1.2.3', '10.1.0.0/16'); empty allows every caller.
    Raises ValueError naming the option."""
    if option is None:
        return ()
    addresses = option if isinstance(option, list | tuple) else [option]
    try:
        return tuple(ip_network(str(each), strict=False) for each in addresses)
    except ValueError as error:
        raise ValueError(
            f"sms: option {name} should be a list of IP addresses or networks"
        ) from error


class CallerCheck:
    """Checks requests to one account's callbacks."""

    def __init__(
        self, key: str, allow_from: Sequence[Network], trusted_proxies: Sequence[str]
    ) -> None:
        self._key = key.encode()
        self._allow_from = allow_from
        self._proxies = read_networks(list(trusted_proxies), name="trusted_proxies")

    def check(self, request: web.Request, given: str) -> None:
        """Raises web.HTTPForbidden. `given` is compared in constant time."""
        if not hmac.compare_digest(given.encode("utf-8", "surrogateescape"), self._key):
            raise web.HTTPForbidden(text="key is missing or wrong\n")
        if self._allow_from and not _within(self._caller(request), self._allow_from):
            raise web.HTTPForbidden(text="caller's address is not in allow_from\n")

    def _caller(self, request: web.Request) -> str:
        """The peer, or behind trusted proxies the nearest hop that is not one of them."""
        hops = [h.strip() for h in request.headers.get("X-Forwarded-For", "").split(",")]
        caller = request.remote or ""
        while hops and hops[-1] and _within(caller, self._proxies):
            caller = hops.pop()
        return caller


def _within(address: str, networks: Sequence[Network]) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)
