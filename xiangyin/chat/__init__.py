"""Talking to the bot without a provider: one citizen, the real bot and the real conversation."""
