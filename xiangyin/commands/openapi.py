"""`xiangyin openapi`: the API's OpenAPI document."""

from __future__ import annotations

import argparse
import json

from backend.api.openapi import openapi_document
from backend.clock import SystemClock
from xiangyin.app import API, create_app
from xiangyin.commands.parsers import Subcommands
from xiangyin.loading import load_settings
from xiangyin.settings import REDIS_OFF, Role


def register(subcommands: Subcommands) -> None:
    parser = subcommands.add_parser("openapi", help="输出接口的 OpenAPI 文档（JSON）")
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    app = create_app(load_settings(role=Role.WEB, redis_url=REDIS_OFF, accounts={}), SystemClock())
    print(json.dumps(openapi_document(app[API]), ensure_ascii=False, indent=2))
    return 0
