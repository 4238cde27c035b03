"""Files of patterns under data/rules, read and compiled."""

import re
from pathlib import Path
from typing import Any

import yaml

from backend.data_file import read_yaml

NUMBER = r"(?:\d{1,6}|[零〇一二两三四五六七八九十百]{1,6})"
"""A number in any script, `{n}` in the files; bounded, so that no text is slow to read."""


class PatternsError(ValueError):
    """A file of patterns is wrong; the message names the file and the entry."""


def read_rules(file: Path) -> dict[str, Any]:
    """The mapping in `file`. Raises PatternsError."""
    try:
        content = read_yaml(file)
    except (OSError, yaml.YAMLError) as error:
        raise PatternsError(f"{file}: {error}") from error
    if not isinstance(content, dict):
        raise PatternsError(f"{file}: a mapping is needed")
    return content


def any_of(patterns: list[str]) -> re.Pattern[str]:
    """One pattern of many, `{n}` filled in. Raises re.error."""
    return re.compile("|".join(f"(?:{p})" for p in patterns).replace("{n}", NUMBER))
