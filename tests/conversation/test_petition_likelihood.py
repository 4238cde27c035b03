"""What the bot is told of the app's own reading: whether a text raises a matter."""

from __future__ import annotations

import pytest

from tests.conversation.room import readings


@pytest.mark.parametrize(
    "text", ["村口的路灯坏了半个多月,晚上老人不敢出门", "锦绣小区3号楼下水道堵了一个月没人管"]
)
async def test_a_petition_is_a_likely_one(text: str) -> None:
    assert await readings().petition_likelihood(text) > 0.5


@pytest.mark.parametrize("text", ["", "老婆我晚点回家你们先吃", "祝你生日快乐天天开心"])
async def test_everyday_messages_are_none(text: str) -> None:
    assert await readings().petition_likelihood(text) < 0.5
