"""`xiangyin` that is killed with -9 at a named call: `mortal module:name:n arguments…`."""

from __future__ import annotations

import importlib
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from xiangyin.cli import main


def die_at(module_name: str, name: str, nth: int) -> None:
    module = importlib.import_module(module_name)
    lives: Callable[..., Any] = getattr(module, name)
    calls = iter(range(1, nth + 1))

    def dies(*args: Any, **more: Any) -> Any:
        if next(calls) == nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return lives(*args, **more)

    setattr(module, name, dies)


if __name__ == "__main__":
    if sys.argv[1]:
        module, name, nth = sys.argv[1].split(":")
        die_at(module, name, int(nth))
    sys.exit(main(sys.argv[2:]))
