"""The options every account at a cloud gateway has; each provider adds its own."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from yarl import URL

from channels.sms.callers import Network, read_key, read_networks
from channels.sms.cloud.templates import Template, read_templates
from channels.sms.signature import read_signature

DEFAULT_PARAM_LIMIT = 35
COMMON = frozenset(
    {"signature", "templates", "key", "allow_from", "param_limit", "timeout_seconds", "endpoint"}
)


@dataclass(frozen=True, slots=True)
class CloudOptions:
    """`signature`: the approved 签名, bare. `templates`: in the order they are tried. `key`: the
    secret in callback addresses. `param_limit`: most characters of a variable."""

    signature: str
    templates: tuple[Template, ...]
    key: str = field(repr=False)
    endpoint: URL
    allow_from: tuple[Network, ...] = ()
    param_limit: int = DEFAULT_PARAM_LIMIT
    timeout_seconds: float = 10.0


def read_common(
    options: Mapping[str, Any], *, named: bool, endpoint: str, own: Collection[str]
) -> CloudOptions:
    """`own`: names of the provider's further options; `endpoint`: its usual address. Raises
    ValueError that names the option and says what it should be."""
    unknown = sorted(set(options) - COMMON - set(own))
    if unknown:
        raise ValueError(f"sms: unknown option {unknown[0]!r}")
    signature = read_signature(options.get("signature"))
    if not signature:
        raise ValueError("sms: option signature should be the approved 签名")
    return CloudOptions(
        signature=signature,
        templates=read_templates(options.get("templates"), named=named),
        key=read_key(options.get("key")),
        endpoint=_endpoint(options.get("endpoint", endpoint)),
        allow_from=read_networks(options.get("allow_from")),
        param_limit=int(number(options, "param_limit", DEFAULT_PARAM_LIMIT, 4, 2000)),
        timeout_seconds=number(options, "timeout_seconds", 10.0, 0.05, 25.0),
    )


def text(options: Mapping[str, Any], name: str, what: str) -> str:
    """A required word. Raises ValueError."""
    value = options.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)  # written without quotes: all digits
    if not isinstance(value, str) or not value.strip() or not value.strip().isascii():
        raise ValueError(f"sms: option {name} should be {what}")
    return value.strip()


def number(
    options: Mapping[str, Any], name: str, default: float, least: float, most: float
) -> float:
    """Raises ValueError."""
    value = options.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise ValueError(f"sms: option {name} should be a number from {least} to {most}")
    return float(value)


def _endpoint(option: object) -> URL:
    try:
        url = URL(str(option))
    except ValueError:
        url = URL()
    if url.scheme not in ("http", "https") or not url.host or url.path not in ("", "/"):
        raise ValueError("sms: option endpoint should be an address such as https://example.com")
    return url
