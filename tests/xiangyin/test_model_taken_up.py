"""An app that runs reads by the model that is put in service, and shows it to the operator."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.clock import SystemClock
from backend.triage.model import load_card
from backend.triage.training import train_on
from tests.learning.schoolbook import schoolbook
from tests.petitions.world import NOW
from xiangyin import model_service, wiring
from xiangyin.app import PARTS, create_app
from xiangyin.health import health_of
from xiangyin.loading import load_settings


async def test_a_running_app_takes_up_the_model_put_in_service(
    tmp_path: Path, sqlite_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "settings.toml").touch()
    monkeypatch.setenv("XIANGYIN_CONFIG", str(tmp_path / "settings.toml"))
    shipped = tmp_path / "shipped.npz"
    train_on(schoolbook(), shipped, now=NOW)
    monkeypatch.setattr(model_service, "TRIAGE_MODEL", shipped)
    monkeypatch.setattr(wiring, "TRIAGE_MODEL", shipped)
    settings = load_settings(
        var_dir=str(tmp_path / "var"),
        database_url=sqlite_database_url,
        redis_url="off",
        role="worker",
    )
    shelf = model_service.shelf_of(settings)
    parts = create_app(settings, SystemClock())[PARTS]
    try:
        assert parts.readings.model == load_card(shipped)["sha256"][:16]
        name = shelf.new_name(NOW)
        own = schoolbook(examples=schoolbook().examples[:-1])
        train_on(own, shelf.file(name), now=NOW)
        shelf.put_in_service(name)
        await parts.model_watch.refresh()
        version = load_card(shelf.file(name))["sha256"][:16]
        assert parts.readings.model == version
        assert (await health_of(parts))["triage"] == version
        # Whoever starts now has it from the beginning.
        again = create_app(settings, SystemClock())[PARTS]
        assert again.readings.model == version
        await again.database.close()
    finally:
        await parts.database.close()
