"""What axe-core finds wrong with a page open in Chromium."""

from __future__ import annotations

from typing import Any

from tests.console.site import NODE_MODULES


async def violations(page: Any) -> list[tuple[str, list[Any]]]:
    """Rule and the elements that break it, of each rule broken."""
    axe = (NODE_MODULES / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
    found = await page.evaluate(axe + "; axe.run(document, {resultTypes: ['violations']})")
    return [(one["id"], [node["target"] for node in one["nodes"]]) for one in found["violations"]]
