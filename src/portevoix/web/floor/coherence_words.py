"""The words and pictures of coherence: numbers as people read them, verdicts, and the intervals as bars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from portevoix.domain.figures.compare import MATTERS, Judged, Measure, Verdict
from portevoix.domain.figures.compare_rates import Difference, Rate

if TYPE_CHECKING:
    from django.utils.functional import Promise

    from portevoix.domain.figures.compare_cells import Counts

MEASURES: Final[dict[Measure, Promise]] = {
    Measure.SERVICE: gettext_lazy("Répondu dans le délai"),
    Measure.TIME: gettext_lazy("Temps en main"),
    Measure.TRANSFER: gettext_lazy("Transmis"),
    Measure.REOPENING: gettext_lazy("Revenu sous 7 jours"),
}
#: What the contacts behind a figure are called in the address, and in a title.
KINDS: Final[dict[str, Promise]] = {
    "tout": gettext_lazy("Contacts traités"),
    "repondu": gettext_lazy("Contacts dont la personne a eu sa première réponse"),
    "retard": gettext_lazy("Contacts répondus hors délai"),
    "clos": gettext_lazy("Contacts clos"),
    "transmis": gettext_lazy("Contacts transmis"),
    "revenu": gettext_lazy("Contacts revenus sous 7 jours"),
    "temps": gettext_lazy("Contacts dont le temps est connu"),
}
WHICH: Final = {
    "tout": "all", "repondu": "answered", "retard": "late", "clos": "closed", "transmis": "transferred",
    "revenu": "reopened", "temps": "timed",
}  # fmt: skip
#: The contacts behind a measure.
BEHIND: Final = {
    Measure.SERVICE: "retard", Measure.TIME: "temps", Measure.TRANSFER: "transmis", Measure.REOPENING: "revenu",
}  # fmt: skip
VERDICTS: Final[dict[Verdict, tuple[Promise, str, str]]] = {  # word, tone, icon
    Verdict.REAL: (gettext_lazy("Écart réel"), "warning", "triangle-alert"),
    Verdict.SMALL: (gettext_lazy("Écart réel, trop petit pour compter"), "neutral", "circle-dot"),
    Verdict.CHANCE: (gettext_lazy("Le hasard suffit à l’expliquer"), "neutral", "circle"),
    Verdict.NOTHING: (gettext_lazy("Pas assez de contacts pour comparer"), "neutral", "minus"),
}
_BETTER = pgettext_lazy("écart", "mieux")
_WORSE = pgettext_lazy("écart", "moins bien")
_NO = "–"


def _digits(number: float, digits: int) -> str:
    """Rounded first: Django's formatting cuts off."""
    return number_format(round(number, digits), digits, use_l10n=True, force_grouping=True)


def percent(share: float, digits: int = 1) -> str:
    """82,4 %"""
    return _("%s %%") % _digits(share * 100, digits)


def rate(one: Rate) -> str:
    """A share, or a dash where nothing was counted."""
    return percent(one.share) if one.n else _NO


def duration(seconds: float) -> str:
    """6 min 12 s; 2 h 05 min."""
    whole = round(seconds)
    if whole < 60:
        return _("%d s") % whole
    if whole < 3600:
        return _("%(m)d min %(s)02d s") % {"m": whole // 60, "s": whole % 60}
    return _("%(h)d h %(m)02d min") % {"h": whole // 3600, "m": whole % 3600 // 60}


def typical(counts: Counts) -> str:
    """The typical time, or a dash."""
    return duration(counts.times.typical) if counts.timed else _NO


def money(euros: float) -> str:
    """1 234,50 €"""
    return _("%s €") % _digits(euros, 2)


def count(number: int) -> str:
    """12 345"""
    return number_format(number, use_l10n=True, force_grouping=True)


def value(measure: Measure, counts: Counts) -> str:
    """The figure of a measure."""
    match measure:
        case Measure.SERVICE:
            return rate(counts.service)
        case Measure.TIME:
            return typical(counts)
        case Measure.TRANSFER:
            return rate(counts.transfers)
        case Measure.REOPENING:
            return rate(counts.reopenings)


def signed(measure: Measure, size: float, *, unit: bool = True) -> str:
    """−4,2 points, or +12 %."""
    sign = "+" if size > 0 else "−" if size < 0 else "±"
    number = _digits(abs(size) * 100, 1)
    if not unit:
        return f"{sign}{number}"
    if measure is Measure.TIME:
        return _("%s %%") % f"{sign}{number}"
    return _("%s points") % f"{sign}{number}"


def interval(measure: Measure, found: Difference) -> str:
    """As: de −6,1 à −2,3."""
    return _("de %(low)s à %(high)s") % {
        "low": signed(measure, found.low, unit=False), "high": signed(measure, found.high, unit=False),
    }  # fmt: skip


def p_value(p: float) -> str:
    """0,013, or what is below what is worth printing."""
    return "< " + _digits(0.001, 3) if p < 0.001 else _digits(p, 3)


def direction(one: Judged) -> str:
    """What a real difference is: longer or shorter for a time (neither is better in itself), better or less good."""
    if not one.real or one.found is None:
        return ""
    up = one.found.size > 0
    if one.measure is Measure.TIME:
        return str(_("plus long") if up else _("plus court"))
    return str(_BETTER if up == (one.measure is Measure.SERVICE) else _WORSE)


@dataclass(frozen=True, slots=True)
class Shown:
    """A comparison as it stands in a row."""

    side: str
    measure: Measure
    name: str
    judged: Judged
    bar: Bar | None

    @property
    def size(self) -> str:
        found = self.judged.found
        return signed(self.measure, found.size) if found else _NO

    @property
    def interval(self) -> str:
        found = self.judged.found
        return interval(self.measure, found) if found else _NO

    @property
    def p(self) -> str:
        return p_value(self.judged.p) if self.judged.found else _NO

    @property
    def compared(self) -> str:
        found = self.judged.found
        return (
            _("%(theirs)s et %(ours)s") % {"theirs": count(found.theirs), "ours": count(found.ours)}
            if found
            else _NO
        )

    @property
    def exact(self) -> bool:
        return bool(self.judged.found and self.judged.found.exact)

    @property
    def verdict(self) -> str:
        word = str(VERDICTS[self.judged.verdict][0])
        if not self.judged.real:
            return word
        return _("%(verdict)s : %(how)s") % {"verdict": word, "how": direction(self.judged)}

    @property
    def tone(self) -> str:
        if self.judged.real and self.measure is not Measure.TIME and direction(self.judged) == str(_BETTER):
            return "success"
        return VERDICTS[self.judged.verdict][1]

    @property
    def icon(self) -> str:
        return "circle-check" if self.tone == "success" else VERDICTS[self.judged.verdict][2]


@dataclass(frozen=True, slots=True)
class Bar:
    """An interval drawn 300 wide: 0 in the middle, the differences that do not matter as a band."""

    low: int
    high: int
    at: int
    band_from: int
    band: int
    real: bool


def bars(judged: dict[str, Judged], measure: Measure) -> dict[str, Bar]:
    """Of one measure, on one scale; a wider interval than the scale ends at its edge."""
    found = {key: one.found for key, one in judged.items() if one.found}
    if not found:
        return {}
    reach = max(2.5 * MATTERS[measure], *(max(abs(one.low), abs(one.high)) * 1.05 for one in found.values()))
    reach = min(reach, 20 * MATTERS[measure])

    def place(size: float) -> int:
        return round(150 + 148 * max(-1.0, min(1.0, size / reach)))

    low = place(-MATTERS[measure])
    width = place(MATTERS[measure]) - low
    return {
        key: Bar(place(one.low), place(one.high), place(one.size), low, width, judged[key].real)
        for key, one in found.items()
    }


def threshold(measure: Measure) -> str:
    """Below it a difference is not flagged."""
    if measure is Measure.TIME:
        return percent(MATTERS[measure], 0)
    points = round(MATTERS[measure] * 100)
    return ngettext("%d point", "%d points", points) % points
