"""SMS. One folder per provider; the account's option `provider` says which. See README.md."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from backend.ports import Account, Channel, ChannelDependencies

DEFAULT_PROVIDER = "kannel"


def providers() -> list[str]:
    """Names of the providers that have a folder here."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg)


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
