"""Trains the model when what it is made of changed, and finds the model to serve."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODELS = ROOT / "bot" / "models"
KEPT_MODELS = 2

_INPUTS = (
    "bot/config.yml",
    "bot/domain.yml",
    "bot/rules.yml",
    "bot/components/*.py",
    "data/nlu/*.yml",
    "locks/bot.txt",
)


class TrainingFailed(Exception):
    """Rasa could not make a model of the files; the message says why."""


def content_hash(root: Path = ROOT) -> str:
    """Twelve hex digits over everything the model is made of: names and bytes of the files."""
    digest = hashlib.sha256()
    for path in _inputs(root):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:12]


def _inputs(root: Path) -> Iterator[Path]:
    for pattern in _INPUTS:
        yield from sorted(root.glob(pattern))


def current_model(models: Path = MODELS, root: Path = ROOT) -> Path | None:
    """The model of the files as they are now, None where it is yet to be trained."""
    model = models / f"{content_hash(root)}.tar.gz"
    return model if model.is_file() else None


def newest_model(models: Path = MODELS) -> Path | None:
    """The model trained last, of whatever files; None where there is none."""
    trained = sorted(models.glob("*.tar.gz"), key=lambda path: path.stat().st_mtime)
    return trained[-1] if trained else None


def train(
    *,
    force: bool = False,
    models: Path = MODELS,
    root: Path = ROOT,
    say: Callable[[str], None] = print,
) -> Path:
    """The model of the files as they are now, trained if need be (or `force`).

    The model appears under its name only when it is whole; it and the one before it are kept.
    Raises TrainingFailed.
    """
    name = content_hash(root)
    target = models / f"{name}.tar.gz"
    if target.is_file() and not force:
        say(f"bot: model {name} is up to date")
        # The newest is what a server without a matching model falls back to.
        target.touch()
        return target
    say(f"bot: training model {name} (about half a minute) …")
    started = time.monotonic()
    models.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=models, prefix=".training-") as work:
        made = _train_with_rasa(root, Path(work), name)
        os.replace(made, target)
    _remove_old(models)
    size = target.stat().st_size / 1e6
    say(f"bot: model {name} trained in {time.monotonic() - started:.0f} s, {size:.1f} MB")
    return target


def _train_with_rasa(root: Path, work: Path, name: str) -> Path:
    # Rasa reads these when imported or called: no usage reports, no progress bars, no cache outside
    # our folder.
    os.environ["RASA_TELEMETRY_ENABLED"] = "false"
    os.environ["LOG_LEVEL"] = "WARNING"
    os.environ["RASA_CACHE_DIRECTORY"] = str(work / "cache")
    # Rasa writes what it fills in back into the configuration it is given.
    config = Path(shutil.copy(root / "bot" / "config.yml", work / "config.yml"))

    import structlog
    from rasa.model_training import train as rasa_train
    from rasa.shared.exceptions import RasaException

    # Rasa's debug lines print every rule; its warnings are about our files and worth reading.
    rasa, before = logging.getLogger("rasa"), structlog.get_config()
    level = rasa.level
    rasa.setLevel(logging.WARNING)
    logging.getLogger("rasa.engine.training.hooks").setLevel(logging.INFO)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    try:
        result = rasa_train(
            domain=str(root / "bot" / "domain.yml"),
            config=str(config),
            training_files=[str(root / "data" / "nlu"), str(root / "bot" / "rules.yml")],
            output=str(work),
            force_training=True,
            fixed_model_name=name,
        )
    except RasaException as error:
        raise TrainingFailed(str(error)) from error
    finally:
        # An engine in the same process is silent: Rasa would log what citizens write.
        rasa.setLevel(level)
        structlog.configure(**before)
    if result.code != 0 or result.model is None:
        raise TrainingFailed(f"rasa ended with code {result.code}")
    return Path(result.model)


def _remove_old(models: Path) -> None:
    trained = sorted(models.glob("*.tar.gz"), key=lambda path: path.stat().st_mtime)
    for outdated in trained[:-KEPT_MODELS]:
        outdated.unlink()
