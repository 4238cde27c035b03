"""The Rasa project: pipeline, rules, the state-in-state-out engine and its internal front.

Importing the package prepares Rasa's imports for an environment without TensorFlow, so every
module below may import Rasa at its top.
"""

from bot.without_tensorflow import install_placeholder

install_placeholder()
