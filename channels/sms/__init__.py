"""SMS. One folder per provider; the account's option `provider` says which. See README.md."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from backend.ports import Account, Channel, ChannelDependencies

DEFAULT_PROVIDER = "kannel"


def providers() -> list[str]:
    """Names of the folders here that have a channel."""
    return sorted(found.parent.name for found in Path(__file__).parent.glob("*/channel.py"))


def create(account: Account, deps: ChannelDependencies) -> Channel:
    """The channel of one SMS account. Raises ValueError naming the option that is wrong."""
    provider = account.options.get("provider", DEFAULT_PROVIDER)
    if provider not in providers():
        raise ValueError(f"sms: option provider should be one of {', '.join(providers())}")
    options = {name: value for name, value in account.options.items() if name != "provider"}
    made: Channel = import_module(f"{__name__}.{provider}").create(
        Account(account.name, account.channel, options), deps
    )
    return made
