"""Rules that read a message without any model: emergencies, opt-out, urgency, sensitivity.

They work with the bot down and before its answer. All patterns are data (`data/rules/*.yml`).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from backend.catalogue import Urgency
from backend.data_file import read_yaml
from backend.triage.cleaning import clean

_CLAUSE = re.compile(r"[,。;:、…\s]+|(?<=[!?])|\.{2,}")
_AROUND = re.compile(r"^[\W_]+|[\W_]+$")

EMERGENCIES = ("suicide", "gas", "fire", "traffic", "medical", "flood", "police")
SENSITIVITIES = ("group_action", "corruption", "personal_danger", "minors")
_DANGERS = {"suicide", "police"}
_EMERGENCY_FILE = {"longest", "past", "habit", "fiction", "domains", "rules"}


class RulesError(ValueError):
    """A rules file is wrong; the message names the file and the entry."""


@dataclass(frozen=True)
class EmergencyRule:
    """Fires on a clause with `any` and without `unless`, in a text without `never`."""

    key: str
    any: re.Pattern[str]
    unless: re.Pattern[str] | None
    never: re.Pattern[str] | None

    def fires(self, text: str, clauses: Sequence[str]) -> bool:
        if self.never is not None and self.never.search(text):
            return False
        return any(
            self.any.search(clause) and not (self.unless and self.unless.search(clause))
            for clause in clauses
        )


@dataclass(frozen=True)
class Rules:
    """All rules of a deployment; texts may be raw or already cleaned."""

    longest_emergency: int
    emergencies: tuple[EmergencyRule, ...]
    opt_out_words: frozenset[str]
    opt_in_words: frozenset[str]
    urgencies: tuple[tuple[Urgency, re.Pattern[str]], ...]
    sensitivities: tuple[tuple[str, re.Pattern[str]], ...]
    children: re.Pattern[str]
    emergency_domains: Mapping[str, str]

    def emergency(self, text: str) -> str | None:
        """The key of the emergency someone is in now (one of EMERGENCIES), else None. What is
        past, feared, told or asked about in general is none."""
        text = clean(text).text
        if not text or len(text) > self.longest_emergency:
            return None
        clauses = [clause for clause in _CLAUSE.split(text) if clause]
        for rule in self.emergencies:
            if rule.fires(text, clauses):
                return rule.key
        return None

    def opt_out(self, text: str) -> bool:
        """True if the whole message is a word that stops pushed messages."""
        return _bare(text) in self.opt_out_words

    def opt_in(self, text: str) -> bool:
        """True if the whole message is a word that restarts them."""
        return _bare(text) in self.opt_in_words

    def urgency(self, text: str) -> Urgency:
        """How soon a petition with this text needs hands."""
        if self.emergency(text) is not None:
            return "emergency"
        text = clean(text).text
        found = [level for level, pattern in self.urgencies if pattern.search(text)]
        if found and found[0] in ("emergency", "high"):
            return found[0]
        if "personal_danger" in self.sensitive(text):
            return "high"
        return found[0] if found else "normal"

    def sensitive(self, text: str) -> tuple[str, ...]:
        """The keys of SENSITIVITIES that a petition with this text touches."""
        text = clean(text).text
        emergency = self.emergency(text)
        found = {key for key, pattern in self.sensitivities if pattern.search(text)}
        if emergency in _DANGERS:
            found.add("personal_danger")
        if (emergency or "personal_danger" in found) and self.children.search(text):
            found.add("minors")
        return tuple(key for key in SENSITIVITIES if key in found)


def load_rules(folder: Path) -> Rules:
    """Read emergency.yml, opt_out.yml, urgency.yml and sensitive.yml. Raises RulesError."""
    emergency = _read(folder / "emergency.yml", _EMERGENCY_FILE)
    words = _read(folder / "opt_out.yml", {"opt_out", "opt_in"})
    urgency = _read(folder / "urgency.yml", {"emergency", "high", "low"})
    sensitive = _read(folder / "sensitive.yml", {*SENSITIVITIES, "children"})
    levels: tuple[Urgency, ...] = ("emergency", "high", "low")
    longest = emergency["longest"]
    if not isinstance(longest, int):
        raise RulesError(f"{folder / 'emergency.yml'}: longest: a number of characters is needed")
    out, in_again = (_words(folder / "opt_out.yml", name, words) for name in ("opt_out", "opt_in"))
    if out & in_again:
        raise RulesError(f"{folder / 'opt_out.yml'}: {sorted(out & in_again)} mean both")
    return Rules(
        longest,
        tuple(_emergencies(folder / "emergency.yml", emergency)),
        out,
        in_again,
        tuple((level, _needed(folder / "urgency.yml", level, urgency[level])) for level in levels),
        tuple(
            (key, _needed(folder / "sensitive.yml", key, sensitive[key])) for key in SENSITIVITIES
        ),
        _needed(folder / "sensitive.yml", "children", sensitive["children"]),
        _domains(folder / "emergency.yml", emergency["domains"]),
    )


def _domains(file: Path, domains: object) -> Mapping[str, str]:
    if not isinstance(domains, dict) or not set(domains) <= set(EMERGENCIES):
        raise RulesError(f"{file}: domains: emergencies and their domains are needed")
    return {str(key): str(domain) for key, domain in domains.items()}


def _emergencies(file: Path, content: Mapping[str, Any]) -> list[EmergencyRule]:
    rules = content["rules"]
    if not isinstance(rules, dict) or set(rules) != set(EMERGENCIES):
        raise RulesError(f"{file}: rules: exactly {', '.join(EMERGENCIES)} are needed")
    found = []
    for key, rule in rules.items():
        where = f"rules.{key}"
        if not isinstance(rule, dict) or set(rule) - {"whenever"} != {"any", "unless", "never"}:
            raise RulesError(f"{file}: {where}: any, unless and never are needed")
        habit = [] if rule.get("whenever") is True else content["habit"]
        found.append(
            EmergencyRule(
                key,
                _needed(file, f"{where}.any", rule["any"]),
                _pattern(file, f"{where}.unless", [*rule["unless"], *content["past"], *habit]),
                _pattern(file, f"{where}.never", [*rule["never"], *content["fiction"]]),
            )
        )
    return found


def _read(file: Path, keys: set[str]) -> dict[str, Any]:
    try:
        content = read_yaml(file)
    except (OSError, yaml.YAMLError) as error:
        raise RulesError(f"{file}: {error}") from error
    if not isinstance(content, dict) or set(content) != keys:
        raise RulesError(f"{file}: exactly the entries {', '.join(sorted(keys))} are needed")
    return content


def _pattern(file: Path, where: str, patterns: object) -> re.Pattern[str] | None:
    if not isinstance(patterns, list) or not all(isinstance(p, str) for p in patterns):
        raise RulesError(f"{file}: {where}: a list of patterns is needed")
    try:
        return re.compile("|".join(f"(?:{p})" for p in patterns)) if patterns else None
    except re.error as error:
        raise RulesError(f"{file}: {where}: {error}") from error


def _needed(file: Path, where: str, patterns: object) -> re.Pattern[str]:
    pattern = _pattern(file, where, patterns)
    if pattern is None:
        raise RulesError(f"{file}: {where}: at least one pattern is needed")
    return pattern


def _words(file: Path, name: str, content: Mapping[str, Any]) -> frozenset[str]:
    words = content[name]
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        # YAML reads a bare N or Y as a truth value in some dialects; say so instead of guessing.
        raise RulesError(f"{file}: {name}: a list of words is needed (quote single letters)")
    return frozenset(_bare(word) for word in words)


def _bare(text: str) -> str:
    """The message without case, blanks and punctuation around it; '' if it is no short word."""
    if len(text) > 40:
        return ""
    return _AROUND.sub("", clean(text).text).replace(" ", "").casefold()
