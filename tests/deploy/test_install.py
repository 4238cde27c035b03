"""The installer: what it accepts, what it finds, what the locks hold."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
INSTALLER = PROJECT / "deploy" / "install"
LOCKS = sorted((PROJECT / "locks").glob("*.txt"))
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
OVERRIDES = {"bot-overrides.txt"}  # input of the compiler, not a lock


def installer(program: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a piece of Python among the installer's modules."""
    return subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(INSTALLER)!r})\n{program}"],
        env={"PATH": "/usr/bin:/bin", "HOME": os.environ.get("HOME", "/"), **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("parts", [[], ["everything"], ["app", "nonsense"]])
def test_misuse_teaches_and_installs_nothing(parts: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, INSTALLER, *parts], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "bot-dev" in done.stderr


@pytest.mark.parametrize("path", sorted(INSTALLER.glob("*.py")), ids=lambda path: path.name)
def test_installer_is_read_by_an_old_python(path: Path) -> None:
    ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 9))


@pytest.mark.parametrize("path", sorted(INSTALLER.glob("*.py")), ids=lambda path: path.name)
def test_installer_needs_nothing_but_python(path: Path) -> None:
    ours = {one.stem for one in INSTALLER.glob("*.py")}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
        for name in names:
            assert name.split(".")[0] in sys.stdlib_module_names | ours


def test_a_version_managers_newest_python_is_found(tmp_path: Path) -> None:
    versions = tmp_path / ".pyenv" / "versions"
    for patch in ("2", "10"):
        folder = versions / f"{VERSION}.{patch}" / "bin"
        folder.mkdir(parents=True)
        program = folder / f"python{VERSION}"
        program.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
        program.chmod(0o755)
    (tmp_path / ".python-version").write_text(f"{VERSION}\n")
    find = (
        "from pathlib import Path; from pythons import find_python\n"
        f"print(find_python(Path({str(tmp_path)!r})))"
    )
    done = installer(find, HOME=str(tmp_path))
    assert done.stdout.strip() == str(versions / f"{VERSION}.10" / "bin" / f"python{VERSION}")


def test_a_python_that_lacks_parts_is_passed_over(tmp_path: Path) -> None:
    folder = tmp_path / ".pyenv" / "versions" / f"{VERSION}.99" / "bin"
    folder.mkdir(parents=True)
    broken = folder / f"python{VERSION}"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    fits = (
        "from pathlib import Path; from pythons import _fits\n"
        f"print(_fits(Path({str(broken)!r}), {VERSION!r}))"
    )
    assert installer(fits).stdout.strip() == "False"


def test_larger_profile_serves_the_smaller_and_a_changed_lock_serves_none(tmp_path: Path) -> None:
    program = f"""
from pathlib import Path
import environments
from environments import Environment, install

root = Path({str(tmp_path)!r})
for name in ("small", "large"):
    (root / name).write_text(name)
environment = Environment("x", root, {{"small": root / "small", "large": root / "large"}})
environment.python.parent.mkdir(parents=True)
environment.python.touch()
environment.stamp.write_text(environments._mark(environment, "large"))
environments.find_python = lambda folder: (_ for _ in ()).throw(SystemExit("would install"))
install(environment, "small")
install(environment, "large")
print("kept")
(root / "large").write_text("changed")
install(environment, "small")
"""
    done = installer(program)
    assert done.stdout == "kept\n"
    assert done.stderr.strip() == "would install"


@pytest.mark.parametrize(
    "lock", [path for path in LOCKS if path.name not in OVERRIDES], ids=lambda path: path.name
)
def test_every_package_is_pinned_and_hashed(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.split("\n") if line.strip() and not line.startswith("#")]
    assert lines
    for line in lines:
        assert re.match(r"[a-z0-9.-]+(\[[a-z0-9,-]+\])?==\S+ ", line), line
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", line), line


def test_no_lock_names_a_registry() -> None:
    for lock in LOCKS:
        assert "://" not in lock.read_text(encoding="utf-8"), lock.name
        assert "index-url" not in lock.read_text(encoding="utf-8"), lock.name
    packages = json.loads((PROJECT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert all("resolved" not in package for package in packages.values())
    assert all("integrity" in package for name, package in packages.items() if name)


@pytest.mark.parametrize("target", ["run", "test", "lint", "clean", "bench-turn", "help"])
def test_make_knows(target: str) -> None:
    make = shutil.which("make")
    assert make
    done = subprocess.run([make, "-n", target], cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_ci_runs_exactly_make_test() -> None:
    ci = PROJECT / ".ci" / "run"
    assert os.access(ci, os.X_OK)
    commands = [
        line for line in ci.read_text().split("\n") if line.strip() and not line.startswith("#")
    ]
    assert commands[-1] == "exec make test"
