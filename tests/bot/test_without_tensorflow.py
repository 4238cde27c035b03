"""The environment has no TensorFlow; Rasa still loads, and using it says why it cannot."""

from __future__ import annotations

import importlib.metadata

import pytest

from bot.without_tensorflow import TensorFlowMissing, install_placeholder


def test_environment_has_none() -> None:
    names = {name.lower() for name in importlib.metadata.packages_distributions()}
    assert not names & {"tensorflow", "keras", "torch"}


def test_modules_that_import_it_load() -> None:
    import rasa.core.agent
    import rasa.nlu.classifiers.diet_classifier as diet

    assert diet.DIETClassifier is not None
    assert rasa.core.agent.Agent is not None


def test_using_it_tells_why_not() -> None:
    import tensorflow as tf

    with pytest.raises(TensorFlowMissing, match="leaves out"):
        tf.constant(1)
    with pytest.raises(TensorFlowMissing, match="Dense"):
        tf.keras.layers.Dense(units=3)


def test_decorated_functions_stay_themselves() -> None:
    import tensorflow as tf

    def plain() -> int:
        return 3

    assert tf.function(plain) is plain
    assert tf.function(plain)() == 3


def test_installing_twice_changes_nothing() -> None:
    import sys

    before = list(sys.meta_path)
    install_placeholder()
    assert sys.meta_path == before
