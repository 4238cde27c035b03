"""WeChat's request signature.

signature = sha1hex(concat(sort([token, timestamp, nonce]))), in the query of every GET and POST
(Tencent, "接入指南"). `msg_signature` of the safe mode is the same over four parts.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping


def sign(*parts: str) -> str:
    """sha1 hex of the sorted parts joined. Order: by code units, as every client does."""
    joined = "".join(sorted(parts))
    # Lone surrogates may come from a hostile query; they just make a signature that is wrong.
    return hashlib.sha1(joined.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()


def is_signed(query: Mapping[str, str], token: str) -> bool:
    """Whether `signature` fits `timestamp` and `nonce`. All three have to be there."""
    given = query.get("signature", "")
    timestamp = query.get("timestamp", "")
    nonce = query.get("nonce", "")
    if not (given and timestamp and nonce):
        return False
    return _same(given, sign(token, timestamp, nonce))


def is_signed_over(query: Mapping[str, str], token: str, encrypted: str) -> bool:
    """Whether `msg_signature` fits `timestamp`, `nonce` and the encrypted text of the body."""
    given = query.get("msg_signature", "")
    timestamp = query.get("timestamp", "")
    nonce = query.get("nonce", "")
    if not (given and timestamp and nonce and encrypted):
        return False
    return _same(given, sign(token, timestamp, nonce, encrypted))


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode("ascii"))
