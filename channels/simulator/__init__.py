"""A page on which one chats as a WeChat or an SMS citizen. See README.md in this folder."""

from channels.simulator.channel import SimulatorChannel, create
from channels.simulator.page import page_routes

__all__ = ["SimulatorChannel", "create", "page_routes"]
