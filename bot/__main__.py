"""`python -m bot train` and `python -m bot serve`."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import warnings
from pathlib import Path
from typing import Any

from bot.training import TrainingFailed, current_model, newest_model, train

log = logging.getLogger("bot")


def main() -> int:
    """Exit status 0, or 1 with the reason on standard error."""
    options = _options()
    # When serving, nothing of what Rasa warns about is news.
    warnings.showwarning = _show_warning if options.command == "train" else lambda *_, **__: None
    logging.basicConfig(format="%(message)s", level=logging.INFO, stream=sys.stdout)
    return _train(options) if options.command == "train" else _serve(options)


def _show_warning(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
    """Rasa says by UserWarning what is wrong with our files; the rest is its dependencies warning
    about each other, which nobody here can act on, and one it gives for every domain."""
    if category is UserWarning and "Slot auto-fill" not in str(message):
        print(f"bot: {message}", file=sys.stderr)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bot", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    training = commands.add_parser("train", help="train the model if its files changed")
    training.add_argument("--force", action="store_true", help="train even if nothing changed")
    serving = commands.add_parser("serve", help="answer turns")
    where = serving.add_mutually_exclusive_group(required=True)
    where.add_argument("--socket", type=Path, help="path of a Unix socket")
    where.add_argument("--port", type=int, help="port on --host")
    serving.add_argument("--host", default="127.0.0.1", help="loopback address (127.0.0.1)")
    serving.add_argument("--model", type=Path, help="a model file (default: of the present files)")
    return parser.parse_args()


def _train(options: argparse.Namespace) -> int:
    try:
        train(force=options.force)
    except TrainingFailed as error:
        print(f"bot: training failed: {error}", file=sys.stderr)
        return 1
    return 0


def _serve(options: argparse.Namespace) -> int:
    from bot.server import LOOPBACK, Address, serve

    if options.host not in LOOPBACK:
        print("bot: --host must be a loopback address; the bot is never public", file=sys.stderr)
        return 1
    model = options.model or current_model()
    if model is None:
        model = newest_model()
        if model is None:
            print("bot: no model yet: run `python -m bot train`", file=sys.stderr)
            return 1
        log.warning("bot: the files changed since model %s was trained: train again", model.name)
    import uvloop

    from bot.engine import Engine

    engine = Engine(model)
    engine.warm_up()
    address = Address(socket=options.socket, host=options.host, port=options.port or 0)
    uvloop.install()
    asyncio.run(serve(engine, address))
    return 0


if __name__ == "__main__":
    sys.exit(main())
