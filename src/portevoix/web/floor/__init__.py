"""The floor: who does what now, and how it went."""
