"""Words that a deployment added to its services, which the trained model has not seen."""

from __future__ import annotations

from collections.abc import Mapping

from backend.catalogue import Service

_SURE = 0.75
_MOST = 3

Ranking = tuple[tuple[str, float], ...]


def own_words(
    services: Mapping[str, Service], learnt: Mapping[str, Service]
) -> Mapping[str, frozenset[str]]:
    """By domain, the words in `services` that the model, trained on `learnt`, has not seen."""
    found = {
        code: frozenset(service.words) - frozenset(learnt[code].words if code in learnt else ())
        for code, service in services.items()
    }
    return {code: words for code, words in found.items() if words}


def with_own_words(text: str, domains: Ranking, words: Mapping[str, frozenset[str]]) -> Ranking:
    """The ranking (best first, probabilities) with the one domain whose own words `text` says set
    before the others; as it was where it says none, or those of several domains."""
    said = [code for code, own in words.items() if any(word in text for word in own)]
    if len(said) != 1 or (domains and domains[0][0] == said[0]):
        return domains
    others = [(code, share * (1 - _SURE)) for code, share in domains if code != said[0]]
    return ((said[0], _SURE), *others[: _MOST - 1])
