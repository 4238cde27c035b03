"""Words that a deployment added count before the model, where they say one domain clearly."""

from __future__ import annotations

from backend.catalogue import Deadline, Service
from backend.triage.own_words import own_words, with_own_words

DEADLINE = Deadline(low=10, normal=7, high=3, emergency=1)
RANKING = (("sanitation", 0.6), ("utilities", 0.3), ("other", 0.1))


def service(code: str, *words: str) -> Service:
    return Service(
        code=code, name=code, level="county", lead="urban", deadline=DEADLINE, words=list(words)
    )


def test_only_what_the_model_has_not_seen_is_own() -> None:
    learnt = {"sanitation": service("sanitation", "垃圾")}
    services = {
        "sanitation": service("sanitation", "垃圾", "旱厕"),
        "own_1": service("own_1", "渡船"),
        "learnt": service("learnt", "路灯"),
    }
    learnt["learnt"] = services["learnt"]
    found = own_words(services, learnt)
    assert found == {"sanitation": {"旱厕"}, "own_1": {"渡船"}}


def test_a_domain_whose_own_word_is_said_comes_first() -> None:
    words = {"own_1": frozenset({"渡船"})}
    found = with_own_words("渡船三天没开了", RANKING, words)
    assert [code for code, _ in found] == ["own_1", "sanitation", "utilities"]
    assert found[0][1] > found[1][1]
    assert sum(share for _, share in found) <= 1


def test_otherwise_the_model_s_word_stands() -> None:
    words = {"own_1": frozenset({"渡船"}), "own_2": frozenset({"码头"})}
    assert with_own_words("垃圾没人清", RANKING, words) == RANKING
    assert with_own_words("渡船不到码头", RANKING, words) == RANKING
    own = {"sanitation": frozenset({"旱厕"})}
    assert with_own_words("旱厕满了", RANKING, own) == RANKING
