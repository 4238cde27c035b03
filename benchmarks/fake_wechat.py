"""The fake WeChat platform as a process of its own, so that it does not cost the app's core:
`python -m benchmarks.fake_wechat PORT LATENCY_SECONDS FOLLOWERS`."""

from __future__ import annotations

import asyncio
import sys

import uvloop

from channels.wechat.testing import FakePlatform

APP_SECRET = "benchmark"


def follower(number: int) -> str:
    """The openid of one of them."""
    return f"o-resident-{number:06}"


async def serve(port: int, latency: float, followers: int) -> None:
    platform = FakePlatform(app_secret=APP_SECRET, latency=latency)
    for number in range(followers):
        platform.follow(follower(number))
    await platform.start(port)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])))
