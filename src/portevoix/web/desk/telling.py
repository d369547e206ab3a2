"""See ``portevoix.web.telling``, which all rooms of the pages share."""

from portevoix.web.telling import poke, writing

__all__ = ["poke", "writing"]
