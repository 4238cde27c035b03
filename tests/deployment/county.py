"""A deployment's data over the example county."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from backend.conversation.texts import Reply, Texts
from backend.deployment.effective import Effective, load_shipped
from backend.deployment.live import Deployment, Edit
from backend.organisation.sessions import Actor
from backend.petitions.rules import load_petition_rules
from tests.petitions.world import DATA, World

SHIPPED = load_shipped(DATA)


@dataclass
class County:
    """`told`: ids signalled to other processes."""

    world: World
    admin: Actor
    told: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.texts = Texts.load(DATA / "texts" / "replies.yml")
        self.deployment = self.process(self.texts)

    def process(
        self, texts: Texts, know: Callable[[Effective], None] = lambda _: None
    ) -> Deployment:
        """Another process' view of the same database; the first one's rules are the world's."""
        first = not hasattr(self, "deployment")
        return Deployment(
            self.world.database,
            self.world.clock,
            SHIPPED,
            self.world.rules if first else load_petition_rules(DATA),
            texts,
            know=know,
            tell=self.told.append,
        )

    async def save(self, edit: Edit, note: str = "") -> None:
        await self.deployment.save(edit, user_id=self.admin.user_id, note=note)

    def says(self, key: str, look: str = "wechat", **params: str) -> str:
        return self.texts.render([Reply(key, params)], look)


def codes(problems: Sequence[object]) -> list[tuple[str, str]]:
    """(field, code) of each."""
    return [(one.field, one.code) for one in problems]  # type: ignore[attr-defined]
