"""Motion between processes: "look now". It may lose anything; nobody's truth depends on it.

``Bus`` is the port; ``NatsBus`` the real one, ``MemoryBus`` its twin for tests and the simulator.
"""

from portevoix.bus.memory import MemoryBus
from portevoix.bus.nats import NatsBus
from portevoix.bus.port import HERE, PUSH, RESYNC, WAKE, Bus, Listener

__all__ = ["HERE", "PUSH", "RESYNC", "WAKE", "Bus", "Listener", "MemoryBus", "NatsBus"]
