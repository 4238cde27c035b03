"""The table of docs/architecture.md, enforced: who may import whom."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
OURS = {"actions", "backend", "bot", "channels", "xiangyin"}

DOCUMENT = PROJECT / "docs" / "architecture.md"
ROW = re.compile(r"^\| `(?P<path>[\w/.<>]+)` \|[^|]*\| (?P<may>[^|]*) \|$", re.MULTILINE)


def read_table() -> dict[str, set[str]]:
    """Room → our rooms it may import, as the document's table says ('database' is a room of the
    backend; 'everything' is all; names that are no room of ours are third parties)."""
    section = DOCUMENT.read_text(encoding="utf-8").split("## Rooms")[1].split("\n## ")[0]
    rows = {
        match["path"]
        .removesuffix(".py")
        .replace("/<name>", "")
        .strip("/")
        .replace("/", "."): match["may"]
        for match in ROW.finditer(section)
    }
    table: dict[str, set[str]] = {}
    for room, may in rows.items():
        names = {name.strip(" `") for name in may.split(",")}
        named = {full for name in names for full in (name, f"backend.{name}") if full in rows}
        table[room] = OURS if names == {"everything"} else named
    return table


# What a whole schema must see at once: alembic compares all tables with the database.
ALLOWED_MODULES = {
    "backend.database.schema": {
        "backend.conversation",
        "backend.deployment",
        "backend.duty",
        "backend.organisation",
        "backend.petitions",
        "backend.surveys",
    }
}
# Third parties that would break a room's promise.
FORBIDDEN = {
    "actions": {"aiohttp", "requests", "sqlalchemy", "redis", "rasa", "time", "socket"},
    "channels": {"sqlalchemy", "asyncpg", "aiosqlite", "alembic", "rasa"},
    "backend.ports": {"sqlalchemy", "redis", "rasa"},
    "backend.triage": {"sqlalchemy", "aiohttp", "redis", "rasa"},
    "backend.petitions": {"aiohttp", "rasa"},
    "backend.organisation": {"aiohttp", "rasa"},
    "bot": {"sqlalchemy", "redis"},
}


MAY_IMPORT = read_table()


def module_name(path: Path) -> str:
    parts = path.relative_to(PROJECT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules() -> list[Path]:
    return sorted(
        path
        for room in OURS
        for path in (PROJECT / room).rglob("*.py")
        if ".venv" not in path.parts and module_name(path) != "backend"
    )


def room_of(module: str) -> str:
    fitting = [room for room in MAY_IMPORT if within(module, room)]
    assert fitting, f"{module} lies in no room of docs/architecture.md"
    return max(fitting, key=len)


def within(module: str, room: str) -> bool:
    return module == room or module.startswith(f"{room}.")


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and module of every import, those inside functions too."""
    package = module_name(path) if path.name == "__init__.py" else module_name(path.parent)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join(filter(None, (*above, base)))
            for alias in node.names:
                yield node.lineno, f"{base}.{alias.name}"


def broken_arrows(path: Path) -> list[str]:
    module = module_name(path)
    room = room_of(module)
    allowed = {room} | MAY_IMPORT[room] | ALLOWED_MODULES.get(module, set())
    found = []
    for line, name in imports(path):
        top = name.split(".")[0]
        ours = top in OURS and top not in FORBIDDEN.get(room, set())
        if ours and not any(within(name, one) for one in allowed):
            found.append(f"{module}:{line} imports {name}, which {room} may not")
        if top in FORBIDDEN.get(room, set()):
            found.append(f"{module}:{line} imports {name}, which breaks what {room} promises")
    return found


@pytest.mark.parametrize("room", sorted(OURS))
def test_arrows_run_one_way(room: str) -> None:
    broken = [
        arrow
        for path in modules()
        if path.relative_to(PROJECT).parts[0] == room
        for arrow in broken_arrows(path)
    ]
    assert not broken, "\n".join(broken)


def test_a_channel_does_not_know_the_others() -> None:
    for path in modules():
        parts = path.relative_to(PROJECT).parts
        if parts[0] == "channels" and len(parts) > 2:
            others = [
                f"{path}:{line} imports {name}"
                for line, name in imports(path)
                if within(name, "channels") and not within(name, f"channels.{parts[1]}")
            ]
            assert not others, "\n".join(others)


def test_ports_need_only_the_standard_library_and_aiohttp() -> None:
    tops = {name.split(".")[0] for _, name in imports(PROJECT / "backend" / "ports.py")}
    assert tops - {"aiohttp"} <= sys.stdlib_module_names


def test_the_table_was_read() -> None:
    assert MAY_IMPORT["channels"] == {"backend.ports"}
    assert MAY_IMPORT["bot"] == {"actions"}
    assert not MAY_IMPORT["actions"] | MAY_IMPORT["backend.ports"]
    assert "backend.database" in MAY_IMPORT["backend.petitions"]
    assert MAY_IMPORT["xiangyin"] == OURS


def test_a_wrong_import_would_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.PROJECT", tmp_path)
    wrong = tmp_path / "channels" / "fax" / "__init__.py"
    wrong.parent.mkdir(parents=True)
    wrong.write_text(
        "from backend.ports import Inbound\n"
        "import sqlalchemy\n"
        "def f():\n    from backend.petitions import filing\n",
        encoding="utf-8",
    )
    found = broken_arrows(wrong)
    assert [line.split(" ")[0] for line in found] == ["channels.fax:2", "channels.fax:4"]
