"""Who is at the other end."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from aiohttp import web


def _is_trusted(ip: str, trusted: Sequence[str]) -> bool:
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return False
    return any(address in ipaddress.ip_network(network, strict=False) for network in trusted)


def client_ip(request: web.Request, trusted_proxies: Sequence[str]) -> str:
    """Address of the client: the first from the right of X-Forwarded-For that is no proxy of ours.

    The header counts only when the connection itself comes from a trusted proxy.
    """
    ip = request.remote or ""
    if not _is_trusted(ip, trusted_proxies):
        return ip
    for hop in reversed(request.headers.get("X-Forwarded-For", "").split(",")):
        hop = hop.strip()
        if not hop:
            break
        ip = hop
        if not _is_trusted(hop, trusted_proxies):
            break
    return ip[:64]
