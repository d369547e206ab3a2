"""The compiled form of what decides a million times: the waiting room and the simulator's clock.

``make setup`` compiles the modules below with mypyc, where a C compiler is there, into a folder of the virtual environment
that is named after what it was made from (``mark``). They are imported from there as long as that is what the sources say:
a changed source is not followed by an old machine code, it runs as plain Python until ``make setup`` has run again. Both
forms decide alike (tests/domain/test_routing_forms.py); ``PORTEVOIX_NATIVE=no`` asks for the plain one.
"""

from __future__ import annotations

import hashlib
import os
import sys
import sysconfig
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

SOURCES: Final = Path(__file__).parent
#: What is compiled, in the order of their imports.
MODULES: Final = (
    "portevoix.domain.routing.shelves",
    "portevoix.domain.routing.desk",
    "portevoix.domain.routing.reserves",
    "portevoix.domain.routing.people",
    "portevoix.domain.routing.groups",
    "portevoix.domain.routing.floor",
    "portevoix.twin.engine",
)
#: What the machine code knows of besides: the shape of the values and the constants.
KNOWN: Final = (
    "portevoix.domain.channels",
    "portevoix.domain.advisers.capacity",
    "portevoix.domain.advisers.presence",
    "portevoix.domain.routing.policy",
    "portevoix.domain.routing.types",
    "portevoix.twin.model",
)
#: The one library that all of them are in; mypyc imports it by this name.
LIBRARY: Final = "portevoix__mypyc"
_SUFFIX: Final = str(sysconfig.get_config_var("EXT_SUFFIX"))


def source(module: str) -> Path:
    """Where a module of ours is written."""
    return SOURCES.parent / (module.replace(".", "/") + ".py")


def mark() -> str:
    """What the machine code must have been made from: these sources, for this Python."""
    digest = hashlib.sha256(f"{sys.version} {_SUFFIX}".encode())
    for module in (*MODULES, *KNOWN):
        digest.update(b"\0" + module.encode() + b"\0" + source(module).read_bytes())
    return digest.hexdigest()[:20]


def home() -> Path:
    """The folder of all compiled forms: of the virtual environment, never beside the sources."""
    return Path(sys.prefix) / "lib" / "portevoix-native"


def file(module: str, folder: Path) -> Path:
    """Where a compiled module lies in its folder."""
    return folder / (module.replace(".", "/") + _SUFFIX)


class _Finder(MetaPathFinder):
    """Finds the compiled modules before Python finds their sources; looks for them when the first one is asked for."""

    def __init__(self) -> None:
        self._folder: Path | None = None

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None, /
    ) -> ModuleSpec | None:
        if fullname not in MODULES and fullname != LIBRARY:
            return None
        if self._folder is None:
            self._folder = home() / mark()
        where = file(fullname, self._folder)
        return spec_from_file_location(fullname, where) if where.exists() else None


def install() -> None:
    """Let ``import`` find the compiled form, unless it is not wanted."""
    if os.environ.get("PORTEVOIX_NATIVE", "").lower() not in {"no", "0", "off"}:
        sys.meta_path.insert(0, _Finder())
