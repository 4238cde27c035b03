"""Rasa's own checks, as its command line runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
LEAST_RIGHT = 0.93
TIMEOUT = 300
# Importing bot first makes Rasa importable without TensorFlow.
RASA = [sys.executable, "-W", "ignore", "-c", "import bot\nfrom rasa.__main__ import main\nmain()"]


def _rasa(*arguments: str | Path) -> str:
    """What the command printed. Fails where it did."""
    done = subprocess.run(
        [*RASA, *arguments],
        cwd=ROOT,
        env={**os.environ, "RASA_TELEMETRY_ENABLED": "false"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:]
    return done.stdout


def test_data_validate() -> None:
    printed = _rasa(
        "data", "validate", "--domain", "bot/domain.yml", "--config", "bot/config.yml",
        "--data", "data/nlu", "bot/rules.yml",
    )  # fmt: skip
    assert "No story structure conflicts found" in printed


def test_stories(model: Path, tmp_path: Path) -> None:
    _rasa("test", "core", "--model", model, "--stories", HERE / "rasa_test_stories.yml",
          "--out", tmp_path, "--no-plot")  # fmt: skip
    failed = (tmp_path / "failed_test_stories.yml").read_text(encoding="utf-8")
    assert "story:" not in failed, failed
    report = json.loads((tmp_path / "story_report.json").read_text(encoding="utf-8"))
    assert report["conversation_accuracy"]["accuracy"] == 1.0


def test_held_out_intents(model: Path, tmp_path: Path) -> None:
    parts = yaml.safe_load((HERE / "heldout_intents.yml").read_text(encoding="utf-8"))
    blocks = [
        {"intent": intent, "examples": "".join(f"- {text}\n" for text in texts)}
        for part in parts.values()
        for intent, texts in part.items()
    ]
    data = tmp_path / "held_out.yml"
    data.write_text(
        yaml.safe_dump({"version": "3.1", "nlu": blocks}, allow_unicode=True), encoding="utf-8"
    )
    _rasa("test", "nlu", "--model", model, "--nlu", data, "--out", tmp_path, "--no-plot")
    report = json.loads((tmp_path / "intent_report.json").read_text(encoding="utf-8"))
    # Rasa leaves the unsure out of 'accuracy' and has a weighted average instead.
    assert report["weighted avg"]["recall"] >= LEAST_RIGHT
