"""Stock Rasa to compare with: its own environment, its models, `rasa run` and its action server."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks.processes import PROJECT, free_port, ready, running

FOLDER = PROJECT / "var" / "bench" / "diet"
PYTHON = FOLDER / ".venv" / "bin" / "python"
LOCK = PROJECT / "locks" / "bench-diet.txt"
ENVIRONMENT = {
    "PYTHONPATH": str(PROJECT),
    "RASA_TELEMETRY_ENABLED": "false",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}
# What a message costs does not depend on how long DIET was trained.
DIET_EPOCHS = 5
# How well it reads does; from here on its training accuracy stands still.
DIET_EPOCHS_READING = 20


def _diet_pipeline(epochs: int) -> list[dict[str, Any]]:
    return [
        {"name": "JiebaTokenizer"},
        {"name": "CountVectorsFeaturizer"},
        {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
        {"name": "DIETClassifier", "epochs": epochs, "constrain_similarities": True},
    ]


FALLBACK = {"name": "FallbackClassifier", "threshold": 0.3, "ambiguity_threshold": 0.05}


@dataclass(frozen=True)
class StockRasa:
    """`port` of a running `rasa run`, REST channel; `pids` of it and its action server."""

    port: int
    pids: tuple[int, ...]


def install() -> None:
    """Make stock Rasa's environment (2.5 GB) hold exactly its lock file."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    shutil.copy(PROJECT / "bot" / ".python-version", FOLDER / ".python-version")
    sys.path.insert(0, str(PROJECT / "deploy" / "install"))
    import environments  # type: ignore[import-not-found]

    environment = environments.Environment("比较用的 Rasa", FOLDER, {"bench-diet": LOCK})
    environments.install(environment, "bench-diet")


def diet_model() -> Path:
    """The same domain, rules and examples with DIET; trained when one of them changed."""
    config = yaml.safe_load((PROJECT / "bot/config.yml").read_text(encoding="utf-8"))
    pipeline = [*_diet_pipeline(DIET_EPOCHS), FALLBACK]
    text = yaml.safe_dump({**config, "pipeline": pipeline}, allow_unicode=True)
    sources = [
        PROJECT / "bot/domain.yml",
        PROJECT / "bot/rules.yml",
        *sorted((PROJECT / "data/nlu").glob("*.yml")),
    ]
    digest = hashlib.sha256(b"\0".join([text.encode(), *(path.read_bytes() for path in sources)]))
    name = f"diet-{digest.hexdigest()[:12]}"
    model = FOLDER / f"{name}.tar.gz"
    if not model.exists():
        print("training stock Rasa with DIET (some minutes) …", flush=True)
        (FOLDER / "config.yml").write_text(text, encoding="utf-8")
        _train("train", "--force", "--domain", sources[0], "--data", *sources[1:], name=name)
    return model


def diet_intent_model(examples: Mapping[str, Sequence[str]]) -> Path:
    """DIET alone, trained on `examples` (texts by intent) unless it was before."""
    config = {
        "recipe": "default.v1",
        "assistant_id": "intents",
        "language": "zh",
        "pipeline": _diet_pipeline(DIET_EPOCHS_READING),
    }
    listed = [
        {"intent": intent, "examples": "".join(f"- {text}\n" for text in texts)}
        for intent, texts in examples.items()
    ]
    settings = yaml.safe_dump(config, allow_unicode=True)
    data = yaml.safe_dump({"version": "3.1", "nlu": listed}, allow_unicode=True)
    name = f"intents-{hashlib.sha256((settings + data).encode()).hexdigest()[:12]}"
    model = FOLDER / f"{name}.tar.gz"
    if not model.exists():
        print("training stock DIET on the intents (a quarter of an hour) …", flush=True)
        (FOLDER / "config.yml").write_text(settings, encoding="utf-8")
        (FOLDER / "intents.yml").write_text(data, encoding="utf-8")
        _train("train", "nlu", "--nlu", FOLDER / "intents.yml", name=name)
    return model


def _train(*arguments: str | Path, name: str) -> None:
    command = [PYTHON, "-m", "rasa", *arguments, "--config", FOLDER / "config.yml"]
    command += ["--out", FOLDER, "--fixed-model-name", name]
    with (FOLDER / "train.log").open("wb") as log:
        subprocess.run(
            command, cwd=FOLDER, env={**os.environ, **ENVIRONMENT}, stdout=log, stderr=log,
            check=True,
        )  # fmt: skip


@contextmanager
def action_server() -> Iterator[tuple[int, int]]:
    """Port and pid of a stock action server with our actions."""
    port = free_port()
    command = [str(PYTHON), "-m", "rasa", "run", "actions", "--actions", "actions"]
    with running([*command, "--port", str(port)], ENVIRONMENT, FOLDER / "actions.log") as pid:
        yield port, pid


@contextmanager
def stock_rasa(model: Path, actions: tuple[int, int]) -> Iterator[StockRasa]:
    """`rasa run` on `model`, asking the action server."""
    port, (action_port, action_pid) = free_port(), actions
    endpoints = FOLDER / f"endpoints-{port}.yml"
    url = f"http://127.0.0.1:{action_port}/webhook"
    endpoints.write_text(yaml.safe_dump({"action_endpoint": {"url": url}}), encoding="utf-8")
    credentials = FOLDER / "credentials.yml"
    credentials.write_text("rest:\n", encoding="utf-8")
    command = [str(PYTHON), "-m", "rasa", "run", "--model", str(model)]
    command += ["--endpoints", str(endpoints), "--credentials", str(credentials)]
    command += ["--interface", "127.0.0.1", "--port", str(port)]
    with running(command, ENVIRONMENT, FOLDER / f"{model.name}.log") as pid:
        yield StockRasa(port, (pid, action_pid))
    endpoints.unlink()


async def stock_ready(stock: StockRasa) -> None:
    """Wait until the model is loaded."""
    await ready(f"http://127.0.0.1:{stock.port}/webhooks/rest/")
