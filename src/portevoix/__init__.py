"""Portevoix: an open-source customer-relation centre."""

__version__ = "0.1.0"
