"""The type of argparse's subcommands, which has no public name."""

from __future__ import annotations

import argparse

type Subcommands = argparse._SubParsersAction[argparse.ArgumentParser]
