"""Stock Rasa, nothing patched, in a process of its own: `python -m tests.bot.stock_rasa MODEL URL`.

Reads one turn request per line of standard input (without state; `sender` names the conversation,
which Rasa's own store keeps) and writes per line what the turn did. URL is a rasa-sdk action
server's webhook.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import warnings
from typing import Any, TextIO

# First: importing it makes Rasa importable where TensorFlow is left out.
import bot  # noqa: F401

# isort: split
from rasa.core.agent import Agent
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
from rasa.core.tracker_store import InMemoryTrackerStore
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from bot.reading import read_turn
from bot.turn_request import check_turn_request
from tests.bot.comparison import what_happened


async def main(answers: TextIO, model: str, url: str) -> None:
    agent = Agent.load(model, action_endpoint=EndpointConfig(url))
    assert agent.processor is not None
    store = InMemoryTrackerStore(agent.domain)
    agent.tracker_store = agent.processor.tracker_store = store
    for line in sys.stdin:
        given = json.loads(line)
        tracker = await turn(agent, given["sender"], given["request"])
        print(json.dumps(what_happened(tracker)), file=answers, flush=True)


async def turn(agent: Agent, sender: str, body: dict[str, Any]) -> DialogueStateTracker:
    request = check_turn_request({**body, "state": None})
    text = request.message["text"].strip().lstrip("/")
    parsed = await agent.processor.parse_message(UserMessage(text or "-"))
    parse_data = read_turn(request, lambda _: parsed, agent.domain.intents)
    await agent.handle_message(
        UserMessage(
            parse_data["text"],
            CollectingOutputChannel(),
            sender,
            parse_data=parse_data,
            input_channel=request.channel,
            message_id=request.turn_id,
            metadata=request.metadata,
        )
    )
    tracker = await agent.tracker_store.retrieve(sender)
    assert tracker is not None
    return tracker


if __name__ == "__main__":
    warnings.showwarning = lambda *_, **__: None
    logging.disable(logging.CRITICAL)
    # Rasa's log lines go to standard output, which is for answers alone.
    answers, sys.stdout = sys.stdout, sys.stderr
    asyncio.run(main(answers, *sys.argv[1:]))
