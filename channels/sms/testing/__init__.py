"""A gateway (ISMG) to test against, with the faults real ones show. Not for service."""

from channels.sms.testing.ismg import FakeIsmg
from channels.sms.testing.traps import Traps

__all__ = ["FakeIsmg", "Traps"]
