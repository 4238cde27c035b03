"""One turn of the dialogue: request in, response out, nothing kept."""

from __future__ import annotations

import gc
import itertools
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jieba  # noqa: F401  (sets its log level when imported)
import structlog
from rasa.core.channels.channel import UserMessage
from rasa.core.lock_store import InMemoryLockStore
from rasa.core.nlg import TemplatedNaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker

from bot.action_runner import InProcessActions, action_failures
from bot.patches import TurnProcessor, apply_patches
from bot.reading import read_turn
from bot.replies import BadReply, TurnOutput
from bot.tracker_store import CarriedTrackerStore, InvalidState, encode_state
from bot.turn_request import BadTurnRequest, TurnRequest

SCHEMA = 1
GC_THRESHOLD = 50_000


class TurnFailed(Exception):
    """A fault of ours while making the turn; nothing of it counts. Says where, not what."""


@dataclass(frozen=True)
class Turned:
    """A turn as made: the conversation after it, what was said, and how the message was read."""

    tracker: DialogueStateTracker
    output: TurnOutput
    parse_data: dict[str, Any]


class Engine:
    """A loaded model and its actions. Safe to ask for many turns at once: each has its own
    tracker and output."""

    def __init__(self, model: Path) -> None:
        """Load `model`. Raises ValueError when the domain names an action nobody defines."""
        _quieten_rasa()
        self.model_id = model.name.removesuffix(".tar.gz")
        self._actions = InProcessActions()
        self._store = CarriedTrackerStore(Domain.empty())
        # The responses are keys of texts, so that their generator needs no endpoint.
        nlg = TemplatedNaturalLanguageGenerator({})
        self._processor = TurnProcessor(
            model, self._store, InMemoryLockStore(), nlg, action_endpoint=self._actions
        )
        domain = self._processor.domain
        nlg.responses = domain.responses
        self._store.domain = domain
        apply_patches(domain)
        self._intents = frozenset(domain.intents)
        self._sender_ids = map(str, itertools.count(1))
        self._refuse_missing_actions(domain)

    def warm_up(self) -> None:
        """Load what is loaded at first use (jieba's dictionary), and take all that lives by now
        out of the garbage collector's rounds, which else stop the loop for up to 0.4 s."""
        self._read_intent("你好")
        gc.collect()
        gc.freeze()
        # A turn makes some ten thousand objects and nearly no cycles: at Python's threshold of
        # 700 the collector would run a dozen times in each turn for nothing.
        gc.set_threshold(GC_THRESHOLD, 20, 20)

    async def turn(self, request: TurnRequest) -> dict[str, Any]:
        """The response (turn_response.schema.json). Raises BadTurnRequest, TurnFailed."""
        turned = await self.make_turn(request)
        slots = turned.tracker.slots
        intent = turned.parse_data["intent"]
        return {
            "schema": SCHEMA,
            "state": encode_state(turned.tracker),
            "busy": bool(
                turned.tracker.active_loop_name or ("busy" in slots and slots["busy"].value)
            ),
            "model": self.model_id,
            "reading": {
                "intent": intent["name"],
                "confidence": _probability(intent["confidence"]),
                "ranking": [
                    {"intent": one["name"], "confidence": _probability(one["confidence"])}
                    for one in turned.parse_data["intent_ranking"]
                ],
            },
            "replies": turned.output.replies,
            "effects": turned.output.effects,
        }

    async def make_turn(self, request: TurnRequest) -> Turned:
        """The turn before it is put into a response. Raises BadTurnRequest, TurnFailed."""
        sender_id = next(self._sender_ids)
        parse_data = read_turn(request, self._read_intent, self._intents)
        output = TurnOutput()
        message = UserMessage(
            text=parse_data["text"],
            output_channel=output,
            sender_id=sender_id,
            parse_data=parse_data,
            input_channel=request.channel,
            message_id=request.turn_id,
            metadata=request.metadata,
        )
        failures: list[str] = []
        noting = action_failures.set(failures)
        try:
            self._store.put(sender_id, request.state)
            await self._processor.handle_message(message)
            tracker = self._store.take(sender_id)
        except InvalidState as error:
            raise BadTurnRequest(f"body.{error}") from error
        except BadReply as error:
            raise TurnFailed(str(error)) from error
        finally:
            action_failures.reset(noting)
            self._store.drop(sender_id)
        if failures:
            raise TurnFailed("; ".join(failures))
        return Turned(tracker, output, parse_data)

    def _read_intent(self, text: str) -> dict[str, Any]:
        """Parse data of a text by the pipeline alone."""
        message = UserMessage(text=text)
        conversation = DialogueStateTracker(message.sender_id, slots=None)
        return dict(self._processor._parse_message_with_graph(message, conversation))

    def _refuse_missing_actions(self, domain: Domain) -> None:
        named = {
            name for name in domain.user_actions if not name.startswith("utter_")
        } - self._actions.names
        if named:
            raise ValueError(f"domain.yml names actions that nobody defines: {sorted(named)}")


def _probability(value: float) -> float:
    return min(1.0, max(0.0, round(float(value), 4)))


def _quieten_rasa() -> None:
    """Rasa logs what citizens write and where its actions failed with their arguments; the
    engine reports failures itself, without either."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    for name in ("rasa", "rasa_sdk", "jieba"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
