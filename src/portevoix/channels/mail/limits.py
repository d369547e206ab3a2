"""How large and how twisted a mail may be, and the words with which it is refused over SMTP.

The refusal is decided on the outline of a mail (its sizes and its tree of parts), before any part is decoded.
A mail that came another way (IMAP) cannot be refused: `understand` then takes it up to these limits and
says in `problems` what it left aside.
"""

from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """The most we take. Sizes in bytes, counts in parts, nesting in levels of parts within parts."""

    size: int = 50 * MEGABYTE
    header: int = 512 * 1024
    parts: int = 1000
    nesting: int = 20

    def __post_init__(self) -> None:
        if min(self.size, self.header, self.parts, self.nesting) < 1:
            raise ValueError("every limit must be at least 1")


DEFAULT = Limits()


def refusal(raw: bytes, limits: Limits = DEFAULT) -> str | None:
    """The SMTP answer (RFC 5321 4.2, RFC 3463 codes) with which to refuse `raw`, or None to take it.

    ASCII only: an answer in SMTP may carry nothing else unless both sides speak SMTPUTF8 (RFC 6531).
    """
    from portevoix.channels.mail.structure import outline

    if len(raw) > limits.size:
        return (
            f"552 5.3.4 Message too big: {len(raw) / MEGABYTE:.1f} MB, at most {limits.size // MEGABYTE} MB"
            " / message trop volumineux"
        )
    few_parts = raw.count(b"\n--") <= limits.parts  # lines that could open a part
    if few_parts and _header_is_small(raw, limits) and raw.lower().count(b"boundary") <= limits.nesting:
        return None
    return _structure_refusal(outline(raw, limits).problems, limits)


def _header_is_small(raw: bytes, limits: Limits) -> bool:
    head_end = min((at for at in (raw.find(b"\n\n"), raw.find(b"\n\r\n")) if at >= 0), default=len(raw))
    return head_end <= limits.header


def _structure_refusal(problems: tuple[str, ...], limits: Limits) -> str | None:
    if "header-too-big" in problems:
        return f"552 5.3.4 Header too big: at most {limits.header // 1024} KB / en-tete trop volumineux"
    if "too-many-parts" in problems:
        return f"554 5.6.0 Too many parts: at most {limits.parts} / trop de pieces dans le message"
    if "too-deep" in problems:
        return f"554 5.6.0 Parts nested too deeply: at most {limits.nesting} levels / pieces trop imbriquees"
    return None
