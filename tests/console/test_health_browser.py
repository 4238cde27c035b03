"""The page for operators in Chromium, at a desk and on a phone; axe finds nothing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from tests.console.accessibility import violations
from tests.console.site import Site
from tests.console.test_browser import SIZES, fits, official

# Where set, pictures of the page are kept there to be looked at.
PICTURES = os.environ.get("SCREENSHOTS")


@pytest.mark.parametrize("size", list(SIZES))
async def test_which_account_carries_what(site: Site, browser: Any, size: str) -> None:
    async with official(browser, site, "head", size) as page:
        await page.goto(f"{site.url}/console/health")
        panel = page.get_by_role("region", name="短信由谁发")
        await expect(panel).to_contain_text("17%")
        await expect(panel).to_contain_text("出错多，已调低")
        await expect(panel).to_contain_text("平时 50")
        assert await fits(page)
        if PICTURES:
            await page.screenshot(path=Path(PICTURES) / f"health-{size}.png", full_page=True)
        assert await violations(page) == []
