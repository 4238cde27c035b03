"""`xiangyin wechat` as an operator runs it, against the fake platform."""

from __future__ import annotations

import asyncio
import csv
import os
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from PIL import Image

from channels.wechat.testing import FakePlatform, Fault
from xiangyin.settings import PROJECT

Run = Callable[..., "asyncio.Future[tuple[int, str, str]]"]


@pytest.fixture
async def platform() -> AsyncIterator[FakePlatform]:
    platform = FakePlatform()
    await platform.start()
    yield platform
    await platform.stop()


@pytest.fixture
def run(platform: FakePlatform, tmp_path: Path) -> Run:
    """Run the command; (exit code, what it said, its complaints)."""
    config = tmp_path / "settings.toml"
    config.write_text(
        f"""
        county = "青禾县"
        public_url = "https://xiangyin.example.gov.cn"
        redis_url = "off"
        [accounts.qinghe]
        channel = "wechat"
        token = "t"
        app_id = "{platform.app_id}"
        app_secret = "{platform.app_secret}"
        api_base_url = "{platform.base_url}"
        mp_base_url = "{platform.base_url}"
        """,
        "utf-8",
    )
    config.chmod(0o600)

    async def command(*arguments: str, **changed: str) -> tuple[int, str, str]:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "xiangyin",
            "wechat",
            *arguments,
            cwd=PROJECT,
            env={
                "PATH": os.environ["PATH"],
                "XIANGYIN_CONFIG": str(config),
                "XIANGYIN_VAR_DIR": str(tmp_path / "var"),
                **changed,
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await asyncio.wait_for(process.communicate(), 60)
        return process.returncode or 0, out.decode(), err.decode()

    return command  # type: ignore[return-value]


async def test_the_menu_is_shown_then_installed_then_left_alone(
    run: Run, platform: FakePlatform
) -> None:
    code, said, _ = await run("menu", "--account", "qinghe", "--dry-run")
    assert code == 0
    assert "+ 查进度  [click] menu.progress" in said
    assert "https://xiangyin.example.gov.cn/me/qinghe/" in said
    assert platform.menus.installed is None

    code, said, _ = await run("menu", "--account", "qinghe")
    assert (code, "已装上" in said) == (0, True)
    assert platform.menus.installed is not None

    code, said, _ = await run("menu", "--account", "qinghe")
    assert (code, "不用改" in said) == (0, True)
    assert platform.calls.count("/cgi-bin/menu/create") == 1


async def test_what_stands_in_the_way_is_said(
    run: Run, platform: FakePlatform, tmp_path: Path
) -> None:
    code, _, wrong = await run("menu", "--account", "nobody")
    assert (code, "没有叫 nobody 的微信账号，有的是 qinghe" in wrong) == (1, True)

    own = tmp_path / "menu.yml"
    own.write_text("buttons: [{name: 一个太长的名字, key: k}]", "utf-8")
    code, _, wrong = await run(
        "menu", "--account", "qinghe", XIANGYIN_ACCOUNTS__QINGHE__MENU_FILE=str(own)
    )
    assert (code, "16 字节" in wrong) == (1, True)

    code, _, wrong = await run(
        "menu", "--account", "qinghe", XIANGYIN_PUBLIC_URL="http://x.example"
    )
    assert (code, "https" in wrong) == (1, True)

    platform.faults.append(Fault(errcode=40164, errmsg="invalid ip 203.0.113.9, not in whitelist"))
    code, _, wrong = await run("menu", "--account", "qinghe")
    assert (code, "203.0.113.9" in wrong) == (1, True)


async def test_a_code_for_every_village_once(
    run: Run, platform: FakePlatform, tmp_path: Path
) -> None:
    out = tmp_path / "codes"
    place = ("--place", "990101101003", "--place", "990101101005")
    code, said, wrong = await run("qrcode", "--account", "qinghe", *place, "--out", str(out))
    assert (code, wrong) == (0, "")
    assert "做了 2 个" in said
    with Image.open(out / "place-990101101003.png") as image:
        assert (image.format, image.mode) == ("PNG", "L")

    (out / "place-990101101003.png").write_bytes(b"half a pict")
    more = (*place, "--counter", "chengguan_reception")
    code, said, _ = await run("qrcode", "--account", "qinghe", *more, "--out", str(out))
    assert (code, "做了 2 个，原来就有 1 个" in said) == (0, True)
    assert sorted(platform.qrcodes.scenes.values()) == [
        "counter:chengguan_reception",
        "place:990101101003",
        "place:990101101003",
        "place:990101101005",
    ]
    rows = list(csv.DictReader((out / "index.csv").read_text("utf-8-sig").splitlines()))
    assert [(row["类型"], row["名称"]) for row in rows] == [
        ("村社区", "城关镇锦绣社区"),
        ("村社区", "城关镇北关社区"),
        ("窗口", "城关镇党群服务中心"),
    ]
    sheet = (out / "sheet.html").read_text("utf-8")
    assert sheet.count("<img") == 3
    assert "城关镇锦绣社区" in sheet


async def test_all_villages_stop_where_wechat_refuses_and_go_on_later(
    run: Run, platform: FakePlatform, tmp_path: Path
) -> None:
    out = tmp_path / "codes"
    every = ("qrcode", "--account", "qinghe", "--all-villages", "--out", str(out))
    platform.faults.append(Fault("/cgi-bin/qrcode/create", errcode=45009))
    code, _, wrong = await run(*every)
    assert (code, "次数已用完" in wrong) == (1, True)
    platform.faults.clear()
    code, said, _ = await run(*every)
    assert code == 0
    villages = len(platform.qrcodes.scenes)
    assert f"做了 {villages} 个" in said
    code, said, _ = await run(*every)
    assert "做了 0 个" in said
    assert len(set(platform.qrcodes.scenes.values())) == len(platform.qrcodes.scenes) == villages


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["--place", "990101101"], "没有代码是 990101101 的村"),
        (["--counter", "nothing"], "没有代码是 nothing"),
        ([], "请写 --place"),
    ],
)
async def test_an_unknown_place_is_refused(
    run: Run, tmp_path: Path, given: list[str], words: str
) -> None:
    code, _, wrong = await run("qrcode", "--account", "qinghe", *given, "--out", str(tmp_path))
    assert (code, words in wrong) == (1, True)
