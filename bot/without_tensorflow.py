"""Lets Rasa be imported where TensorFlow is not installed.

Rasa 3.6 imports TensorFlow at load for classifiers and policies this project does not use (DIET,
TED, response selector). Leaving it out saves 1.9 GB on disk and most of the memory. The placeholder
offers names for class bodies, decorators and annotations, and refuses to be *used*: whatever calls
or instantiates one gets an error that says why.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

_PACKAGES = frozenset(
    {"tensorflow", "tensorflow_addons", "tensorflow_text", "tensorflow_hub", "keras"}
)


class TensorFlowMissing(RuntimeError):
    """A component that needs TensorFlow was used; this environment has none by design."""


class _PlaceholderType(type):
    """Any attribute of a placeholder is a placeholder again (tf.keras.layers.Layer …)."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _placeholder(name)

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        # As a bare decorator (@tf.function) it gives the function back; nothing else is allowed.
        if cls.__module__ == __name__ and len(args) == 1 and callable(args[0]) and not kwargs:
            return args[0]
        raise TensorFlowMissing(
            f"{cls.__name__} needs TensorFlow, which this environment leaves out "
            "(see bot/without_tensorflow.py)"
        )


def _placeholder(name: str) -> type:
    return _PlaceholderType(name, (), {"__module__": __name__})


class _PlaceholderModule(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        value = _placeholder(name)
        setattr(self, name, value)
        return value


class _PlaceholderFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname.partition(".")[0] not in _PACKAGES:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return _PlaceholderModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        return None


def install_placeholder() -> None:
    """Answer imports of TensorFlow, unless the real one is there. Safe to call twice."""
    if any(isinstance(finder, _PlaceholderFinder) for finder in sys.meta_path):
        return
    if importlib.util.find_spec("tensorflow") is None:
        sys.meta_path.append(_PlaceholderFinder())
