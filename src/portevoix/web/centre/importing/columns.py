"""From a node of the file to the value of a column: the right type, what the column allows, and what our forms ask."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime, time
from typing import Any, Final
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from portevoix.domain import answers
from portevoix.domain.lines import relaxing
from portevoix.web.centre.forms import doors
from portevoix.web.centre.forms.fields import LANGUAGES, REGIONS
from portevoix.web.centre.forms.routing import sentence
from portevoix.web.centre.importing.reading import Node, Problem


class Columns:
    """Reads nodes; what is wrong is gathered in ``problems``, and the value is left out."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def wrong(self, node: Node, text: object) -> None:
        """Note a problem."""
        self.problems.append(Problem(node.line, str(text)))

    def fields(
        self, node: Node, names: Collection[str], needed: Collection[str] = ()
    ) -> dict[str, Node] | None:
        """The members of an object, if it is one, has all ``needed`` and none beyond ``names``."""
        if not isinstance(node.value, dict):
            self.wrong(node, _("Un objet { … } est attendu ici."))
            return None
        for name, member in node.value.items():
            if name not in names:
                self.wrong(member, _("« %(name)s » n’est pas un réglage connu.") % {"name": name[:60]})
        if missing := [name for name in needed if name not in node.value]:
            self.wrong(node, _("Il manque « %(name)s ».") % {"name": missing[0]})
            return None
        return {name: member for name, member in node.value.items() if name in names}

    def items(self, node: Node | None) -> list[Node]:
        """The items of a list; none when it is left out."""
        if node is None:
            return []
        if not isinstance(node.value, list):
            self.wrong(node, _("Une liste [ … ] est attendue ici."))
            return []
        return node.value

    def pairs(self, node: Node | None) -> Mapping[str, Node]:
        """The members of an object whose names are free."""
        if node is None:
            return {}
        if not isinstance(node.value, dict):
            self.wrong(node, _("Un objet { … } est attendu ici."))
            return {}
        return node.value

    def text(self, node: Node, longest: int, *, blank: bool = False) -> str | None:
        """A text, trimmed."""
        if not isinstance(node.value, str):
            self.wrong(node, _("Un texte entre guillemets est attendu ici."))
            return None
        value = node.value.strip()
        if not value and not blank:
            self.wrong(node, _("Ce texte ne peut pas être vide."))
            return None
        if len(value) > longest:
            self.wrong(node, _("Ce texte est trop long : %(n)d caractères au plus.") % {"n": longest})
            return None
        return value

    def number(self, node: Node, least: int, most: int) -> int | None:
        """A whole number."""
        if isinstance(node.value, bool) or not isinstance(node.value, int) or not least <= node.value <= most:
            self.wrong(
                node, _("Un nombre entier entre %(a)d et %(b)d est attendu ici.") % {"a": least, "b": most}
            )
            return None
        return node.value

    def clock(self, node: Node) -> time | None:
        """HH:MM."""
        try:
            if len(node.value) == 5:
                return time.fromisoformat(node.value)
        except (TypeError, ValueError):
            pass
        self.wrong(node, _('Une heure est attendue ici, comme "09:00".'))
        return None

    def day(self, node: Node) -> date | None:
        """YYYY-MM-DD."""
        try:
            return date.fromisoformat(node.value)
        except (TypeError, ValueError):
            self.wrong(node, _('Une date est attendue ici, comme "2026-12-24".'))
            return None

    def column(self, node: Node, field: models.Field[Any, Any]) -> Any:
        """The value of a column, or ``Ellipsis`` when it is wrong."""
        value = self._typed(node, field)
        if value is ... or value is None:
            return value
        try:
            field.run_validators(value)
            if field.choices:
                _among([key for key, _label in field.flatchoices])(value)
            if check := CHECKS.get((field.model._meta.db_table, field.attname)):
                check(value)
        except ValidationError as error:
            self.wrong(node, " ".join(error.messages))
            return ...
        return value

    def _typed(self, node: Node, field: models.Field[Any, Any]) -> Any:
        if node.value is None and field.null:
            return None
        if isinstance(field, models.BooleanField):
            if not isinstance(node.value, bool):
                self.wrong(node, _("true ou false est attendu ici."))
                return ...
            return node.value
        if isinstance(field, models.IntegerField):
            value = self.number(node, 0, 2_000_000)
            return ... if value is None else value
        if isinstance(field, models.DateTimeField):
            return self._moment(node)
        if isinstance(field, models.JSONField):
            return plain(node)
        text = self.text(node, field.max_length or 20_000, blank=field.blank or field.has_default())
        return ... if text is None else text

    def _moment(self, node: Node) -> Any:
        try:
            moment = datetime.fromisoformat(node.value)
        except (TypeError, ValueError):
            self.wrong(
                node, _('Une date avec son heure est attendue ici, comme "2026-12-24T09:00:00+01:00".')
            )
            return ...
        return (moment if moment.tzinfo else timezone.make_aware(moment)).astimezone(UTC)


def plain(node: Node) -> Any:
    """The value without its lines."""
    if isinstance(node.value, dict):
        return {name: plain(member) for name, member in node.value.items()}
    if isinstance(node.value, list):
        return [plain(member) for member in node.value]
    return node.value


def _relaxations(value: Any) -> None:
    try:
        relaxing.read(value)
    except relaxing.WrongRelaxation as error:
        raise ValidationError(
            _("Élargissement n° %(place)d : %(what)s")
            % {"place": error.place + 1, "what": sentence(error.code)}
        ) from None


def _among(known: Collection[str]) -> Callable[[Any], None]:
    def check(value: Any) -> None:
        if value not in known:
            shown = ", ".join(f'"{one}"' for one in sorted(known)[:12])
            raise ValidationError(_("Valeurs possibles : %(values)s.") % {"values": shown})

    return check


def _zone(value: Any) -> None:
    if value not in available_timezones():
        raise ValidationError(_('Ce fuseau horaire n’existe pas ; par exemple "Europe/Paris".'))


def _between(least: int, most: int) -> Callable[[Any], None]:
    def check(value: Any) -> None:
        if not least <= value <= most:
            raise ValidationError(
                _("Un nombre entier entre %(a)d et %(b)d est attendu ici.") % {"a": least, "b": most}
            )

    return check


def _answer(value: Any) -> None:
    _text, unknown = answers.fill(value, dict.fromkeys(answers.VARIABLES, "x"))
    if unknown:
        names = ", ".join("{{ " + name + " }}" for name in unknown)
        raise ValidationError(
            _("Variable inconnue : %(names)s. Voyez la liste des variables.") % {"names": names}
        )


_language = _among([code for code, _label in LANGUAGES])
#: What the forms of the pages ask beyond the columns themselves.
CHECKS: Final[dict[tuple[str, str], Callable[[Any], None]]] = {
    ("line", "language"): _language,
    ("line", "time_zone"): _zone,
    ("line", "holiday_region"): _among([code for code, _label in REGIONS]),
    ("line", "target_minutes"): _between(1, 600_000),
    ("line", "silence_months"): _between(1, 24),
    ("line", "relaxations"): _relaxations,
    ("door", "address"): doors.check_address,
    ("door", "imap_host"): doors.check_host,
    ("door", "imap_port"): doors.check_port,
    ("door", "imap_secret"): doors.check_secret_name,
    ("saved_answer", "language"): _language,
    ("saved_answer", "body"): _answer,
}
