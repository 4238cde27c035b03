"""The command `xiangyin`. Exit code 0: done, 1: could not, 2: misused or set wrong."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable, Sequence

from xiangyin.loading import InvalidSettings
from xiangyin.secret_files import SecretFileError

COMMANDS = (
    "run", "app", "migrate", "train", "models", "user", "doctor", "openapi", "backup", "restore",
    "demo", "classify", "mask", "chat", "evaluate", "sms", "wechat",
)  # fmt: skip
EXAMPLES = """\
例子：
  xiangyin run                         启动：Valkey、机器人、应用，Ctrl-C 全部停止
  xiangyin doctor                      检查设置、数据库、机器人、磁盘，说出该怎么办
  xiangyin user add lihua --name 李华 --org county_water --role handler
  xiangyin user reset admin            忘了口令：给一个一次性口令
  xiangyin backup 乡音.tar.gz          备份数据和照片；xiangyin restore 恢复
  xiangyin models                      列出分类模型；xiangyin models rollback 退回上一个
  xiangyin demo                        看一个演示县：几百件诉求，带登录名
  xiangyin chat --channel sms          在终端里和机器人聊
  xiangyin classify --in 诉求.csv --text 内容 --out 结果.csv    给一张表里的诉求分类
  xiangyin mask --in 诉求.csv --text 内容 --out 遮蔽.csv        遮住姓名、电话、证件号
  xiangyin sms status                  短信账号的连接、窗口、最近的错误
  xiangyin wechat menu --account qinghe --dry-run      公众号的菜单和现在的有什么不同
  xiangyin wechat qrcode --account qinghe --all-villages --out 二维码    每个村一个码
  XIANGYIN_HTTP_PORT=8080 xiangyin run 换一个端口

设置写在 xiangyin.toml 或环境变量 XIANGYIN_… 里，见 docs/settings.md。
"""


def parser(only: str | None = None) -> argparse.ArgumentParser:
    """The command line; with `only`, of that command alone: the others need not be loaded."""
    top = argparse.ArgumentParser(
        prog="xiangyin",
        description="乡音：听见群众的话，给群众答复。",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    subcommands = top.add_subparsers(title="命令", metavar="命令", required=True)
    for name in (only,) if only else COMMANDS:
        importlib.import_module(f"xiangyin.commands.{name}").register(subcommands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    named = given[0] if given and given[0] in COMMANDS else None
    args = parser(named).parse_args(given)
    execute: Callable[[argparse.Namespace], int] = args.execute
    try:
        return execute(args)
    except InvalidSettings as error:
        print("设置有误：", *error.problems, sep="\n  ", file=sys.stderr)
        return 2
    except SecretFileError as error:
        print(f"设置有误：\n  {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
