"""Which rules apply to a conversation, found by an index instead of by trying all.

Stands for `RulePolicy._get_possible_keys` (see bot/patches.py). Reason: Rasa compares each state of
the conversation with each rule and copies the rule every time, which is a third of a simple turn
and grows with the rules.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from rasa.core.policies.rule_policy import SHOULD_NOT_BE_SET, RulePolicy
from rasa.shared.core.constants import PREVIOUS_ACTION, USER
from rasa.shared.core.domain import State
from rasa.shared.nlu.constants import ACTION_NAME, INTENT

Sign = tuple[str | None, str | None]
"""Previous action and intent of a state; None in a rule's: any."""


class RuleIndex:
    """The rules of one lookup by the sign of their last state."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = set(keys)
        self._rules: dict[Sign, list[tuple[str, tuple[State, ...]]]] = defaultdict(list)
        for key in keys:
            latest_first = tuple(reversed(RulePolicy._rule_key_to_state(key)))
            sign = _sign(latest_first[0]) if latest_first else (None, None)
            self._rules[sign].append((key, latest_first))

    def applicable(self, states: Sequence[State]) -> set[str]:
        """Keys of the rules each of whose states, from the last one back, is in `states`."""
        if not states:
            return self._keys
        latest_first = states[::-1]
        action, intent = _sign(latest_first[0])
        signs = {(action, intent), (action, None), (None, intent), (None, None)}
        return {
            key
            for sign in signs
            for key, rule in self._rules.get(sign, ())
            if all(map(_state_applies, rule, latest_first))
        }


def find_applicable_rules(
    policy: RulePolicy, lookup: Mapping[str, str], states: Sequence[State]
) -> set[str]:
    """The keys of `lookup`, one of a loaded policy's, that apply to `states`."""
    indexes: dict[int, tuple[Mapping[str, str], RuleIndex]]
    indexes = policy.__dict__.setdefault("_rule_indexes", {})
    # The lookup is kept beside its index, so that its id stays its own.
    kept, index = indexes.get(id(lookup), (None, None))
    if index is None or kept is not lookup:
        index = RuleIndex(list(lookup))
        indexes[id(lookup)] = (lookup, index)
    return index.applicable(states)


def _sign(state: State) -> Sign:
    if not state.get(PREVIOUS_ACTION):
        # Beginnings match each other whatever else they hold.
        return None, None
    return _named(state, PREVIOUS_ACTION, ACTION_NAME), _named(state, USER, INTENT)


def _named(state: State, part: str, name: str) -> str | None:
    value = state.get(part, {}).get(name)
    return value if isinstance(value, str) and value != SHOULD_NOT_BE_SET else None


def _state_applies(rule_state: State, state: State) -> bool:
    rule_action, action = rule_state.get(PREVIOUS_ACTION), state.get(PREVIOUS_ACTION)
    if not rule_action or not action:
        # Only the beginning of a conversation has no previous action.
        return not rule_action and not action
    return bool(RulePolicy._does_rule_match_state(rule_state, state))
