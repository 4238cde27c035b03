"""What a click on an account's menu means: the button's key names a command."""

from __future__ import annotations

from backend.conversation.fragments import Waiting

PREFIX = "menu."
# Answered by the bot, wherever the dialogue stands (bot/reading.py).
BOT_COMMANDS = frozenset({"petition", "progress", "remind", "guide", "rate", "human", "help"})
# Answered by a rule of the app, without the bot; the rule has the same name.
APP_COMMANDS = frozenset({"link_phone", "unlink_phone"})


def command_of(message: Waiting) -> str | None:
    """The bot's command of a click; None for anything else. A key of unknown meaning asks for
    help."""
    if not _is_click(message):
        return None
    name = _name(message)
    return name if name in BOT_COMMANDS else "help"


def rule_of(message: Waiting) -> str | None:
    """The app's command of a click; None for anything else."""
    name = _name(message) if _is_click(message) else ""
    return name if name in APP_COMMANDS else None


def _is_click(message: Waiting) -> bool:
    return message.kind == "event" and (message.detail or {}).get("event") == "menu"


def _name(message: Waiting) -> str:
    return str((message.detail or {}).get("key", "")).removeprefix(PREFIX)
