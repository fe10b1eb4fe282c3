"""The embedded sandbox: a real Connect API on this machine."""

from stitchnb.sandbox.clock import Clock
from stitchnb.sandbox.server import Sandbox

__all__ = ["Clock", "Sandbox"]
