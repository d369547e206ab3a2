"""Browser tests of whole journeys: the same server and Chromium as the accessibility tests."""

from a11y.browser import chromium, context, page, site, static_root

__all__ = ["chromium", "context", "page", "site", "static_root"]
