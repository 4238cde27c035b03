"""ACS3-HMAC-SHA256, by which Aliyun knows who asks. Pure."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import quote

ALGORITHM = "ACS3-HMAC-SHA256"
EMPTY = hashlib.sha256(b"").hexdigest()


def canonical_request(query: Mapping[str, str], headers: Mapping[str, str]) -> str:
    """Of a POST to / with an empty body. Every header given is signed; names in lower case."""
    return "\n".join(
        (
            "POST",
            "/",
            "&".join(f"{_quoted(name)}={_quoted(query[name])}" for name in sorted(query)),
            "".join(f"{name}:{headers[name].strip()}\n" for name in sorted(headers)),
            ";".join(sorted(headers)),
            EMPTY,
        )
    )


def string_to_sign(canonical: str) -> str:
    return f"{ALGORITHM}\n{hashlib.sha256(canonical.encode()).hexdigest()}"


def signature(canonical: str, secret: str) -> str:
    told = string_to_sign(canonical).encode()
    return hmac.new(secret.encode(), told, hashlib.sha256).hexdigest()


def authorization(
    key_id: str, secret: str, query: Mapping[str, str], headers: Mapping[str, str]
) -> str:
    """The header of that name."""
    signed = signature(canonical_request(query, headers), secret)
    names = ";".join(sorted(headers))
    return f"{ALGORITHM} Credential={key_id},SignedHeaders={names},Signature={signed}"


def _quoted(value: str) -> str:
    return quote(value, safe="~")
