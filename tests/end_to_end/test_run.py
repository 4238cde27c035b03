"""`xiangyin run` as a person meets it: the first log-in, a chat on the simulator's page as either
citizen, Ctrl-C."""

from __future__ import annotations

import re
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.official import PAGE_MS, official, shots, watch
from tests.end_to_end.town import NUMBER, PASSWORD
from tests.services.process import wait_until
from tests.xiangyin.test_run import Running, alive, running

__all__ = ["running"]

pytestmark = pytest.mark.usefixtures("chromium_path")

MOST_SECONDS_TO_STOP = 10.0
CHATS = {
    "微信": ("李建国", "锦绣小区3号楼下水道堵了一个月没人管"),
    "短信": ("赵大爷", "北关社区门口的路灯坏了半个月，晚上看不见路"),
}


def processes_of(folder: Path) -> list[int]:
    """Every process that has this var folder in its command line or environment."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            told = (place / "cmdline").read_bytes() + (place / "environ").read_bytes()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        if str(folder).encode() in told:
            found.append(int(place.name))
    return found


async def test_run_is_tried_out_and_stopped(running: Running, browser: Any) -> None:
    folder = running.output.parent
    output = running.output.read_text()
    [url] = re.findall(r"模拟器\s+(http\S+)/simulator", output)
    [once] = re.findall(r"一次性口令：(\S+?)（", output)
    numbers = await chat(browser, url)
    async with official(browser, url) as admin:
        await admin.log_in("admin", once)
        await admin.choose_password(once, PASSWORD)
        for number in numbers:
            await admin.open(number)

    pids = processes_of(folder)
    assert len(pids) >= 4
    before = time.monotonic()
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(MOST_SECONDS_TO_STOP + 5) == 0
    assert time.monotonic() - before <= MOST_SECONDS_TO_STOP
    wait_until(lambda: not processes_of(folder), seconds=1, what="the end of all processes")
    assert not any(map(alive, pids))


async def chat(browser: Any, url: str) -> list[str]:
    """One petition as each citizen; their numbers."""
    context = await browser.new_context(
        viewport={"width": 1280, "height": 720}, locale="zh-CN", timezone_id="Asia/Shanghai"
    )
    context.set_default_timeout(PAGE_MS)
    page = await context.new_page()
    errors: list[str] = []
    watch(page, errors)
    await page.goto(f"{url}/simulator")
    numbers = []
    for channel, (name, words) in CHATS.items():
        await page.set_viewport_size({"width": 1280, "height": 720})
        await page.get_by_role("tab", name=channel).click()
        await page.get_by_role("button", name=name).click()
        await page.get_by_label("写消息").fill(words)
        await page.get_by_role("button", name="发送").click()
        await page.get_by_label("快捷回复").get_by_role("button").first.click()
        answer = page.locator(".message:not(.mine) .bubble").filter(has_text=NUMBER)
        await answer.first.wait_for()
        found = NUMBER.search(await answer.first.inner_text())
        assert found
        numbers.append(found[0])
        await shots(page, f"simulator-run-{len(numbers)}")
    assert not errors, errors
    await context.close()
    return numbers
