"""Which approved template says a message, and what is put into its variables. Pure.

A cloud gateway sends nothing but templates that it has approved. An account lists its own; the
first whose variables can all be filled is taken. One that carries the text or the code says the
whole message; any other is a notice of it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backend.ports import Outbound

NOTICE = "sms_template"  # the way, as `Noticed.by` names it
PLACEHOLDERS = ("text", "code", "number", "title", "link", "token")
WHOLE = {"text", "code"}
MOST_TEMPLATES = 20
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_WITHOUT_TEXT = ("Cc", "Cf", "Cn", "Co", "Cs", "So", "Sk")  # control characters, emoji


@dataclass(frozen=True, slots=True)
class Template:
    """`variables` in the template's own order: (name, pattern with placeholders); the name is ''
    where the provider numbers them."""

    id: str
    variables: tuple[tuple[str, str], ...]

    @property
    def whole(self) -> bool:
        """Whether it says all there is to say."""
        return bool(WHOLE & self.placeholders)

    @property
    def placeholders(self) -> set[str]:
        return {name for _, pattern in self.variables for name in _PLACEHOLDER.findall(pattern)}


@dataclass(frozen=True, slots=True)
class Filled:
    """A template with its variables' values, in order."""

    template: Template
    values: tuple[tuple[str, str], ...]


def read_templates(option: object, *, named: bool) -> tuple[Template, ...]:
    """The option `templates`: a list of {id, params}; params name → pattern, or a list of patterns
    where `named` is False. Raises ValueError that names the option."""
    if not isinstance(option, list) or not 1 <= len(option) <= MOST_TEMPLATES:
        raise ValueError(f"sms: option templates should list 1 to {MOST_TEMPLATES} templates")
    return tuple(_read_template(each, named=named) for each in option)


def _read_template(given: object, *, named: bool) -> Template:
    if not isinstance(given, Mapping) or not str(given.get("id") or "").strip():
        raise ValueError("sms: option templates: each should have the id of an approved template")
    id_ = str(given["id"]).strip()
    unknown = set(given) - {"id", "params"}
    if unknown:
        raise ValueError(f"sms: option templates: {id_}: unknown {sorted(unknown)[0]!r}")
    params: Any = given.get("params", {} if named else [])
    if named and isinstance(params, dict):
        pairs = list(params.items())
    elif not named and isinstance(params, list):
        pairs = [("", pattern) for pattern in params]
    else:
        what = 'names and patterns, such as {no = "{number}"}' if named else "a list of patterns"
        raise ValueError(f"sms: option templates: {id_}: params should be {what}")
    template = Template(id_, tuple((str(name), str(pattern)) for name, pattern in pairs))
    for name in sorted(template.placeholders - set(PLACEHOLDERS)):
        raise ValueError(
            f"sms: option templates: {id_}: {{{name}}} should be one of "
            + ", ".join(f"{{{known}}}" for known in PLACEHOLDERS)
        )
    return template


def choose(templates: Sequence[Template], message: Outbound, longest: int) -> Filled | None:
    """The first that fits: all its variables have a value, none over `longest` characters (a title
    is cut). None where none does."""
    known = _values(message, longest)
    for template in templates:
        if any(not known.get(name) for name in template.placeholders):
            continue
        values = tuple((name, _fill(pattern, known)) for name, pattern in template.variables)
        if all(len(value) <= longest for _, value in values):
            return Filled(template, values)
    return None


def _fill(pattern: str, known: Mapping[str, str]) -> str:
    # In one pass: what a citizen wrote may look like a placeholder.
    return _PLACEHOLDER.sub(lambda found: known[found[1]], pattern)


def _values(message: Outbound, longest: int) -> dict[str, str]:
    about = message.about
    return {
        "text": " ".join(message.text.split()),
        "code": message.code,
        "number": about.number if about else "",
        "title": _plain(about.title)[:longest] if about else "",
        "link": message.link,
        "token": message.link.rpartition("/")[2],
    }


def _plain(title: str) -> str:
    """Gateways refuse 【】 and signs they cannot print in a variable."""
    line = " ".join(title.translate(str.maketrans("【】", "[]")).split())
    return "".join(c for c in line if unicodedata.category(c) not in _WITHOUT_TEXT)
