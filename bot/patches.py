"""Where Rasa's own way costs more than the turn itself, and what stands there instead.

Nothing here changes what Rasa answers: tests/bot/test_equal_to_stock.py plays the same random
conversations with stock Rasa and compares replies and events.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import fastjsonschema
import rasa.core.processor
from rasa.core.actions.action import RemoteAction
from rasa.core.policies.rule_policy import RulePolicy
from rasa.core.processor import MessageProcessor
from rasa.engine import loader
from rasa.engine.graph import GraphNode
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.storage import ModelMetadata
from rasa.shared.core.domain import Domain, State
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.common import TempDirectoryPath, get_temp_dir_name

from bot.rule_index import find_applicable_rules


class DirectGraphRunner(DaskGraphRunner):
    """Runs the graph's nodes one after another.

    Reason: dask rebuilds and plans the graph for each message and prediction, which takes longer
    than the handful of nodes in it.
    """

    def run(
        self, inputs: dict[str, Any] | None = None, targets: list[str] | None = None
    ) -> dict[str, Any]:
        """See GraphRunner.run."""
        wanted = tuple(targets or self._graph_schema.target_names)
        results: dict[str, tuple[str, Any]] = {
            name: (name, value) for name, value in (inputs or {}).items()
        }
        for name, node, needs in self._plan(wanted):
            if name not in results:
                results[name] = node(*(results.get(need, need) for need in needs))
        return dict(results[target] for target in wanted)

    def _plan(self, targets: tuple[str, ...]) -> list[tuple[str, GraphNode, tuple[str, ...]]]:
        """Nodes in the order of their needs. Kept, since the graph never changes."""
        plans: dict[tuple[str, ...], list[Any]] = self.__dict__.setdefault("_plans", {})
        if targets not in plans:
            nodes = self._graph_schema.minimal_graph_schema(list(targets)).nodes
            order: dict[str, None] = {}

            def visit(name: str) -> None:
                if name in nodes and name not in order:
                    for need in nodes[name].needs.values():
                        visit(need)
                    order[name] = None

            for target in targets:
                visit(target)
            plans[targets] = [
                (name, self._instantiated_nodes[name], tuple(nodes[name].needs.values()))
                for name in order
            ]
        return plans[targets]


class TurnProcessor(MessageProcessor):
    """Rasa's processor with the direct runner."""

    @staticmethod
    def _load_model(model_path: str | Path) -> tuple[str, ModelMetadata, Any]:
        with TempDirectoryPath(get_temp_dir_name()) as folder:
            metadata, runner = loader.load_predict_graph_runner(
                Path(folder), Path(model_path), LocalModelStorage, DirectGraphRunner
            )
        return Path(model_path).name, metadata, runner

    @staticmethod
    def _log_slots(tracker: DialogueStateTracker) -> None:
        """Reason: formats and copies all slots for a debug line that is never written, and
        slots hold what citizens said."""


def apply_patches(domain: Domain) -> None:
    """Make `domain` and Rasa's action classes cheap to use. Safe to call again."""
    _keep_answers(domain)
    _keep_states(domain)
    _copy_nothing_for_debug_lines()
    _validate_with_prepared_schema()
    # Reason: see the function.
    RulePolicy._get_possible_keys = find_applicable_rules


def _keep_answers(domain: Domain) -> None:
    """Reason: `is_empty` compares the whole domain with an empty one, and `as_dict` writes it
    out, each several times a turn. The domain of a loaded model never changes."""
    is_empty, as_dict = domain.is_empty(), domain.as_dict()
    domain.is_empty = lambda: is_empty
    domain.as_dict = lambda: as_dict


def _keep_states(domain: Domain) -> None:
    """Reason: the rule policy works out the conversation's states twice for one prediction, once
    to look at the message's text and once at its intent; each time the conversation is replayed.
    Events are only ever added, so their number tells whether the states are still right."""
    stock_states = domain.states_for_tracker_history

    def states_for_tracker_history(
        tracker: DialogueStateTracker,
        omit_unset_slots: bool = False,
        ignore_rule_only_turns: bool = False,
        rule_only_data: dict[str, Any] | None = None,
    ) -> list[State]:
        if omit_unset_slots or ignore_rule_only_turns:
            return list(
                stock_states(tracker, omit_unset_slots, ignore_rule_only_turns, rule_only_data)
            )
        count, states = tracker.__dict__.get("_kept_states", (None, []))
        if count != len(tracker.events):
            states = stock_states(tracker)
            tracker.__dict__["_kept_states"] = (len(tracker.events), states)
        # The policy removes the text or the intent from what it gets.
        return [{name: dict(part) for name, part in state.items()} for state in states]

    domain.states_for_tracker_history = states_for_tracker_history


def _copy_nothing_for_debug_lines() -> None:
    """Reason: Rasa's processor copies all events of a turn, deeply, for debug lines that are never
    written. It uses `copy` for nothing else."""
    rasa.core.processor.copy = SimpleNamespace(deepcopy=lambda value: value)


def _validate_with_prepared_schema() -> None:
    """Reason: jsonschema.validate checks the schema itself at every call and tries each event
    against every kind of event: three quarters of a turn with a custom action. What the prepared
    checks accept, Rasa's own accept too; all else is left to Rasa's, with its error."""
    stock_validate = RemoteAction._validate_action_result
    if getattr(stock_validate, "prepared", False):
        return
    plainly_valid = prepare_action_result_check()

    def validate(self: RemoteAction, result: dict[str, Any]) -> bool:
        return plainly_valid(result) or bool(stock_validate(self, result))

    validate.prepared = True  # type: ignore[attr-defined]
    RemoteAction._validate_action_result = validate


def prepare_action_result_check() -> Callable[[Any], bool]:
    """True only for results that Rasa's schema of an action's result accepts.

    The schema says that each event is exactly one of some twenty kinds, told apart by the constant
    in `event`; so an event needs checking against the kind it names alone.
    """
    schema = RemoteAction.action_response_format_spec()
    event_schema = schema["properties"]["events"]["items"]
    common = {name: event_schema[name] for name in event_schema if name != "oneOf"}
    kinds = [kind["properties"]["event"]["const"] for kind in event_schema["oneOf"]]
    check_common = fastjsonschema.compile(common, use_formats=False)
    check_kind = {
        name: fastjsonschema.compile(kind, use_formats=False)
        for name, kind in zip(kinds, event_schema["oneOf"], strict=True)
        if kinds.count(name) == 1
    }
    check_rest = fastjsonschema.compile(
        {**schema, "properties": {**schema["properties"], "events": {"type": "array"}}},
        use_formats=False,
    )

    def plainly_valid(result: Any) -> bool:
        try:
            check_rest(result)
            for event in result.get("events", ()):
                check_common(event)
                check_kind[event["event"]](event)
        except (fastjsonschema.JsonSchemaValueException, KeyError):
            return False
        return True

    return plainly_valid
