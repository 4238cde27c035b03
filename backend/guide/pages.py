"""An entry of the guide as text of a given length: whole where it fits, else in pages."""

from __future__ import annotations

from collections.abc import Mapping

from backend.guide.entries import TOPICS, Entry

# What each point is called, the most wanted first.
NAMES: Mapping[str, str] = {
    "who": "谁能办",
    "materials": "带什么",
    "place": "在哪办",
    "hours": "几点办",
    "cost": "费用",
    "days": "多久",
    "online": "网上办",
    "phone": "电话",
}
PAGE_CHARACTERS: Mapping[str, int] = {"sms": 82}
"""By look; what is left of two parts is for the signature, the title and the options below."""
WHOLE = 1_000


def pages(entry: Entry, look: str) -> list[str]:
    """The entry's points, packed into as few pages as the look allows."""
    lines = [("who", entry.who), *((topic, entry.told(topic)) for topic in TOPICS)]
    told = [f"{NAMES[name]}：{value}" for name, value in lines if value]
    longest, packed = PAGE_CHARACTERS.get(look, WHOLE), [told[0]]
    for line in told[1:]:
        if len(packed[-1]) + 1 + len(line) <= longest:
            packed[-1] = f"{packed[-1]}\n{line}"
        else:
            packed.append(line)
    return packed
