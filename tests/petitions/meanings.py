"""The sentence model, loaded once for all tests; and petitions read by it."""

from functools import cache

from backend.petitions.grouping import MatterFinder
from backend.triage.sentence_vectors import SentenceReader
from tests.petitions.world import World


@cache
def sentence_reader() -> SentenceReader:
    return SentenceReader()


async def read_all(world: World) -> None:
    """Read and group what is unread, as the app does in the background."""
    finder = MatterFinder(world.database, world.clock, sentence_reader())
    while await finder.read_some():
        pass
