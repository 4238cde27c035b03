"""Install parts of Xiangyin: `python3 deploy/install PART…`, standard library only, no root.

Parts: `app`, `bot` (what running needs), `ocr` (`app`, and what reads text in photos),
`dev`, `bot-dev` (what tests need besides), `assets`,
`dev-assets` (npm), `services` (Debian packages for tests; needs root, otherwise only told).
A part already there is passed over in milliseconds.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from assets import install_assets
from environments import APP, BOT, install, write_command
from project import InstallError, fail
from services import install_services


def _app(profile: str) -> None:
    install(APP, profile)
    write_command()


PARTS: dict[str, Callable[[], None]] = {
    "app": lambda: _app("app"),
    "ocr": lambda: _app("ocr"),
    "dev": lambda: _app("dev"),
    "bot": lambda: install(BOT, "bot"),
    "bot-dev": lambda: install(BOT, "bot-dev"),
    "assets": lambda: install_assets(dev=False),
    "dev-assets": lambda: install_assets(dev=True),
    "services": install_services,
}


def main(parts: list[str]) -> int:
    """Exit code: 0 done, 1 failed, 2 misused."""
    if not parts or set(parts) - set(PARTS):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        for part in parts:
            PARTS[part]()
    except InstallError as error:
        return fail(error)
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
