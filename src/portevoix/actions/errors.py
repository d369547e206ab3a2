"""Why an action was not done. Each carries a stable code; the pages say it in the reader's language."""


class Refused(Exception):
    """The action is not possible. Nothing was changed. ``code`` names the reason."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail or code)
        self.code = code
        self.detail = detail


class TooLate(Refused):
    """Somebody else was first, or the matter moved on in the meantime: look again."""


class NotAllowed(Refused):
    """This person may not do that to this thing."""


class Missing(Refused):
    """There is no such thing (or not for this person)."""


class Invalid(Refused):
    """The input makes no sense; ``detail`` says what was expected."""
