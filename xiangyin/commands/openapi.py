"""`xiangyin openapi`: the API's OpenAPI document."""

from __future__ import annotations

import argparse
import json

from xiangyin.commands.parsers import Subcommands


def register(subcommands: Subcommands) -> None:
    parser = subcommands.add_parser("openapi", help="输出接口的 OpenAPI 文档（JSON）")
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    from backend.api.document import openapi_document

    print(json.dumps(openapi_document(), ensure_ascii=False, indent=2))
    return 0
