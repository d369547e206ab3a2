"""What every template may rely on."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def look(request: HttpRequest) -> dict[str, Any]:
    """Theme, density, font and switches of the person signed in; sensible ones for everybody else."""
    user: Any = getattr(request, "user", None)
    known = user is not None and user.is_authenticated
    return {
        "look": {
            "theme": user.theme if known else "auto",
            "density": user.density if known else "comfortable",
            "font": user.font if known else "default",
            "sound": user.sound if known else False,
            "shortcuts": user.shortcuts if known else False,
        },
        "live_url": settings.LIVE_URL,
    }
