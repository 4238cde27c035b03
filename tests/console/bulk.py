"""The forms about many ticked petitions, as a browser asks for and posts them."""

from __future__ import annotations

import re
from typing import Any

HIDDEN = re.compile(r'type="hidden" name="(pick|token|csrf_token)" value="([^"]*)"')


async def asked(client: Any, form: str, *numbers: str) -> str:
    """The form at this path for these petitions."""
    params = [("pick", number) for number in numbers]
    async with client.get(form, params=params) as response:
        assert response.status == 200, await response.text()
        return str(await response.text())


def fields(page: str) -> list[tuple[str, str]]:
    """What the form would post, without what the official chooses."""
    return HIDDEN.findall(page)
