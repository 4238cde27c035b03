"""Components of the Rasa pipeline (bot/config.yml)."""
