"""Text as it comes out of a form."""


def spaced(text: str) -> str:
    """Line ends as we keep them, no blanks around, no NUL."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").strip()
