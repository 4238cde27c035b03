"""An official at work in Chromium, by the same steps a person takes."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SIZES = {"desk": (1280, 720), "phone": (390, 844)}
PAGE_MS = 30_000


@dataclass
class Official:
    """`page` is theirs; nothing may go wrong in its console."""

    page: Any
    url: str
    errors: list[str] = field(default_factory=list)

    async def log_in(self, login: str, password: str) -> None:
        await self.page.goto(f"{self.url}/console/")
        await self.page.get_by_label("账号").fill(login)
        await self.page.get_by_label("密码").fill(password)
        await self.page.get_by_role("button", name="登录").click()

    async def choose_password(self, old: str, new: str) -> None:
        """What everyone must do at their first log-in."""
        await self.page.get_by_role("heading", name="更换密码").wait_for()
        await self.page.get_by_label("原密码").fill(old)
        await self.page.get_by_label("新密码").fill(new)
        await self.page.get_by_label("再输入一次").fill(new)
        await self.page.get_by_role("button", name="更换").click()
        await self.page.locator("#list").wait_for()

    async def open(self, number: str, tab: str = "open") -> None:
        """From a tab of the queue, by a click."""
        await self.page.goto(f"{self.url}/console/?state={tab}")
        item = self.page.locator("#list .item").filter(has_text=number)
        await item.get_by_role("link").click()
        await self.page.locator(".petition-head .number").filter(has_text=number).wait_for()

    async def accept(self) -> None:
        await self.page.get_by_role("button", name="受理", exact=True).click()
        await self.done("已受理")

    async def dispatch(self, office: str) -> None:
        await self.page.get_by_label("派给谁办").fill(office)
        await self.page.get_by_label(f"{office}主办").check()
        await self.page.get_by_role("button", name="派单", exact=True).click()
        await self.done("已派单")

    async def start(self) -> None:
        await self.page.get_by_role("button", name="开始办理").click()
        await self.done("已开始办理")

    async def answer(self, words: str) -> str:
        """Answer; what the page promised the citizen would read."""
        await self.page.get_by_label("答复群众").fill(words)
        preview = self.page.locator("#preview .bubble").filter(has_text=words)
        await preview.wait_for()
        promised = str(await preview.inner_text())
        await self.page.get_by_role("button", name="发出答复").click()
        await self.done("送达情况")
        return promised

    async def done(self, words: str) -> None:
        await self.page.get_by_role("status").filter(has_text=words).wait_for()

    async def correct_domain(self) -> str:
        """One click on the first runner-up; its name."""
        chip = self.page.get_by_role("button", name=re.compile("把领域改成")).first
        chosen = (await chip.inner_text()).replace("把领域改成", "")
        await chip.click()
        await self.done("已改好")
        return re.sub(r"\s*\d+%$", "", chosen).strip()

    async def fact(self, name: str) -> str:
        """One line of 基本情况."""
        return str(await self.page.locator(f"dt:text-is('{name}') + dd").inner_text())


@asynccontextmanager
async def official(browser: Any, url: str) -> AsyncIterator[Official]:
    """Someone who has not logged in yet."""
    width, height = SIZES["desk"]
    context = await browser.new_context(
        viewport={"width": width, "height": height}, locale="zh-CN", timezone_id="Asia/Shanghai"
    )
    context.set_default_timeout(PAGE_MS)
    someone = Official(await context.new_page(), url)
    watch(someone.page, someone.errors)
    try:
        yield someone
        assert not someone.errors, someone.errors
    finally:
        await context.close()


def watch(page: Any, errors: list[str]) -> None:
    """Collect what the browser complains about: scripts, CSP, failed loads."""
    page.on("console", lambda one: errors.append(one.text) if one.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))


async def shots(page: Any, name: str) -> None:
    """At both sizes; kept only where a person wants to look: SCREENSHOTS=folder. Nothing may
    stick out to the right, at either."""
    folder = os.environ.get("SCREENSHOTS")
    for size, (width, height) in reversed(SIZES.items()):
        await page.set_viewport_size({"width": width, "height": height})
        assert await page.evaluate(
            "document.documentElement.scrollWidth <= window.innerWidth + 1"
        ), f"{name} sticks out at {size}"
        if folder:
            await page.wait_for_timeout(300)
            for part, whole in (("", False), ("-full", True)):
                file = str(Path(folder) / f"{name}-{size}{part}.png")
                # Hiding the caret would be a style of the camera's, which the CSP refuses.
                await page.screenshot(path=file, full_page=whole, caret="initial")
