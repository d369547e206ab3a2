"""Sample content of the gallery: what the components look like with French words of ordinary length."""

from typing import Any


def samples() -> dict[str, Any]:
    """Everything the gallery's templates show."""
    return {}
