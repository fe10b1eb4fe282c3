"""The embedded sandbox: a real Connect API on this machine."""

from stitchnb.sandbox.clock import Clock
from stitchnb.sandbox.faults import Fault, Faults
from stitchnb.sandbox.hook_receiver import HookReceiver
from stitchnb.sandbox.journal import Exchange
from stitchnb.sandbox.sandbox import Sandbox
from stitchnb.sandbox.snapshots import Snapshot

__all__ = ["Clock", "Exchange", "Fault", "Faults", "HookReceiver", "Sandbox", "Snapshot"]
