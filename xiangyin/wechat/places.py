"""Which places and counters get a QR code, and what each code says. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from backend.catalogue import Catalogue
from backend.conversation.scanned import COUNTER, PLACE, full_name

LONGEST_SCENE = 64


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a code hangs. `kind` is 村社区 or 窗口; `name` stands under the code."""

    kind: str
    code: str
    name: str
    scene: str

    @property
    def file_name(self) -> str:
        return f"{self.scene.replace(':', '-')}.png"


class NoSuchSpot(ValueError):
    """The catalogue has no such village or office; the message is for the operator."""


def villages(catalogue: Catalogue) -> list[Spot]:
    """Every village and community, by code."""
    codes = [code for code, one in catalogue.divisions.items() if one.level == "village"]
    return chosen(catalogue, sorted(codes), ())


def chosen(catalogue: Catalogue, places: Iterable[str], counters: Iterable[str]) -> list[Spot]:
    """The spots of these codes. Raises NoSuchSpot."""
    return [
        *(_village(catalogue, code) for code in places),
        *(_counter(catalogue, code) for code in counters),
    ]


def _village(catalogue: Catalogue, code: str) -> Spot:
    found = catalogue.divisions.get(code)
    if found is None or found.level != "village":
        raise NoSuchSpot(
            f"没有代码是 {code} 的村或社区，见 data/catalogue/divisions.yml 或后台设置"
        )
    return Spot("村社区", code, full_name(catalogue, found), PLACE + code)


def _counter(catalogue: Catalogue, code: str) -> Spot:
    found = catalogue.organisation.get(code)
    if found is None or not found.active:
        raise NoSuchSpot(
            f"没有代码是 {code} 的在用单位，见 data/catalogue/organisation.yml 或后台设置"
        )
    if len((COUNTER + code).encode()) > LONGEST_SCENE:
        raise NoSuchSpot(f"{code} 太长：二维码的场景值最多 {LONGEST_SCENE} 字节")
    return Spot("窗口", code, found.name, COUNTER + code)
