"""Portevoix: an open-source customer-relation centre."""

from portevoix import native

__version__ = "0.1.0"

native.install()
