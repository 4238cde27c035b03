"""WeChat's speed: the codec beside wechatpy, the durable webhook beside a bare handler, pushes
through the outbox, and how soon an answer rides back."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from itertools import chain

from benchmarks import report, webhook, wechat_codec, wechat_pushes, wechat_turns


async def measure() -> Sequence[report.Part]:
    """One after the other; what each found is shown at once, for all of it takes minutes."""
    parts = [wechat_codec.measure()]
    print(report.table(parts[0].rows), flush=True)
    for measuring in (webhook.measure, wechat_pushes.measure, wechat_turns.measure):
        parts.append(await measuring())
        print(report.table(parts[-1].rows), flush=True)
    return parts


def main() -> int:
    parts = asyncio.run(measure())
    return report.finish(
        "wechat",
        list(chain.from_iterable(part.rows for part in parts)),
        list(chain.from_iterable(part.targets for part in parts)),
        figures={name: value for part in parts for name, value in part.figures.items()},
        settings={name: value for part in parts for name, value in part.settings.items()},
    )


if __name__ == "__main__":
    sys.exit(main())
