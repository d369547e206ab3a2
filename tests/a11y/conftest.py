"""Browser tests of whole pages."""

from a11y.browser import chromium, context, page, site, static_root

__all__ = ["chromium", "context", "page", "site", "static_root"]
