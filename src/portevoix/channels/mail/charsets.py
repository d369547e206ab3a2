"""Bytes to text whatever the label says, and text that every store can hold.

Mail labels its charsets badly: Windows-1252 sold as ISO-8859-1, UTF-8 sold as ASCII, names nobody knows. The
order here is: a byte order mark, then what the label says (as browsers read it), then UTF-8 when the bytes are
valid UTF-8, then Windows-1252, which takes any byte. Nothing is dropped silently: a repair returns a code.
"""

from __future__ import annotations

import codecs
import re
from functools import lru_cache

# Python codecs that are text in some mail somewhere. A fixed set, since others (idna, punycode,
# unicode_escape) are slow or dangerous on foreign bytes.
_KNOWN = frozenset(
    [
        "ascii",
        "utf-8",
        "utf-7",
        "utf-16",
        "utf-16-le",
        "utf-16-be",
        "utf-32",
        "utf-32-le",
        "utf-32-be",
        "cp1250",
        "cp1251",
        "cp1252",
        "cp1253",
        "cp1254",
        "cp1255",
        "cp1256",
        "cp1257",
        "cp1258",
        "cp437",
        "cp850",
        "cp852",
        "cp855",
        "cp858",
        "cp860",
        "cp863",
        "cp865",
        "cp866",
        "cp874",
        "cp932",
        "cp949",
        "cp950",
        "big5",
        "big5hkscs",
        "gb2312",
        "gbk",
        "gb18030",
        "hz",
        "euc_jp",
        "euc_kr",
        "johab",
        "shift_jis",
        "shift_jisx0213",
        "iso2022_jp",
        "iso2022_jp_1",
        "iso2022_jp_2",
        "iso2022_jp_3",
        "iso2022_kr",
        "iso8859-1",
        "iso8859-2",
        "iso8859-3",
        "iso8859-4",
        "iso8859-5",
        "iso8859-6",
        "iso8859-7",
        "iso8859-8",
        "iso8859-9",
        "iso8859-10",
        "iso8859-11",
        "iso8859-13",
        "iso8859-14",
        "iso8859-15",
        "iso8859-16",
        "koi8-r",
        "koi8-u",
        "kz1048",
        "mac-roman",
        "mac-cyrillic",
        "mac-greek",
        "mac-latin2",
        "mac-turkish",
        "ptcp154",
        "tis-620",
    ]
)
# Labels seen in mail that Python does not know, or that browsers read as a larger charset.
_ALIASES = {
    "iso-8859-8-i": "iso8859-8",
    "iso-8859-8-e": "iso8859-8",
    "ks_c_5601-1987": "cp949",
    "ksc5601": "cp949",
    "euc-kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "x-mac-roman": "mac-roman",
    "macintosh": "mac-roman",
    "unicode-1-1-utf-7": "utf-7",
    "utf8mb4": "utf-8",
    "windows-874": "cp874",
    "iso-8859-9": "cp1254",
    "x-user-defined": "cp1252",
    "ansi": "cp1252",
}
_LATIN = frozenset({"ascii", "iso8859-1", "cp1252"})
_UNFIT = re.compile("[\x00\ud800-\udfff]")
_SURROGATES = re.compile("[\ud800-\udfff]")


@lru_cache(maxsize=512)
def codec_of(label: str) -> str | None:
    """The Python codec that a mail's charset label means, or None when nobody knows it."""
    name = label.strip().strip("\"'").lower()[:60]
    name = name.removeprefix("charset=")
    name = _ALIASES.get(name, name)
    try:
        canonical = codecs.lookup(name).name
    except (LookupError, ValueError, UnicodeError):
        return None
    return canonical if canonical in _KNOWN else None


def clean(text: str) -> str:
    """`text` without what PostgreSQL and UTF-8 cannot hold: NUL goes, a lone surrogate becomes U+FFFD."""
    if text.isascii():
        return text.replace("\x00", "") if "\x00" in text else text
    if _UNFIT.search(text) is None:
        return text
    return _SURROGATES.sub("\ufffd", text.replace("\x00", ""))


def decode(data: bytes, label: str | None) -> tuple[str, str | None]:
    """`data` as clean text, with a problem code when the label was unknown or wrong."""
    marked = _by_mark(data)
    if marked is not None:
        return clean(marked), None
    codec = codec_of(label) if label else "ascii"
    if codec is None:
        return clean(_guess(data)), "charset-unknown"
    if codec in _LATIN or codec == "utf-8":
        return _western(data, codec, labelled=bool(label))
    if codec.startswith(("utf-16", "utf-32")):
        return _wide(data, codec)
    try:
        return clean(data.decode(codec)), None
    except (UnicodeError, ValueError):
        pass
    text = _strict_utf8(data)
    return clean(text if text is not None else data.decode(codec, "replace")), "charset-wrong"


def decode_header_bytes(data: bytes) -> str:
    """8-bit header bytes without any label: UTF-8 (RFC 6532) when valid, else Windows-1252."""
    return clean(_guess(data))


def _western(data: bytes, codec: str, *, labelled: bool) -> tuple[str, str | None]:
    # Neither valid UTF-8 nor Windows-1252 can make a surrogate: only NUL needs looking for.
    data = data.replace(b"\x00", b"") if b"\x00" in data else data
    text = _strict_utf8(data)
    if text is not None:
        return text, None if codec == "utf-8" or not labelled or data.isascii() else "charset-wrong"
    if codec in ("iso8859-1", "cp1252"):
        return _windows1252(data), None
    if codec == "utf-8":
        repaired = data.decode("utf-8", "replace")
        broken = repaired.count("\ufffd")
        # Cut or damaged UTF-8 still has more good letters than broken ones; Windows-1252 sold as UTF-8 has none.
        if sum(1 for char in repaired[:10_000] if char > "\x7f") > 2 * min(broken, 10_000):
            return repaired, "charset-wrong"
        return _windows1252(data), "charset-wrong"
    return _windows1252(data), "charset-missing"


def _wide(data: bytes, codec: str) -> tuple[str, str | None]:
    """UTF-16 and UTF-32 without a mark: where the zero bytes stand tells the byte order."""
    zeros_even, zeros_odd = data[0:400:2].count(0), data[1:400:2].count(0)
    if codec.startswith("utf-16"):
        if not zeros_even and not zeros_odd and _strict_utf8(data) is not None:
            return clean(data.decode("utf-8")), "charset-wrong"
        if codec == "utf-16":
            codec = "utf-16-be" if zeros_even > zeros_odd else "utf-16-le"
    elif codec == "utf-32":
        codec = "utf-32-be" if data[:2] == b"\x00\x00" else "utf-32-le"
    try:
        return clean(data.decode(codec)), None
    except UnicodeError:
        return clean(data.decode(codec, "replace")), "charset-wrong"


def _by_mark(data: bytes) -> str | None:
    if data[:3] == codecs.BOM_UTF8:
        return _strict_utf8(data[3:])
    if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        codec = "utf-16"
        if data[:4] in (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE):
            codec = "utf-32"
        try:
            return data.decode(codec)
        except UnicodeError:
            return None
    return None


def _guess(data: bytes) -> str:
    text = _strict_utf8(data)
    return text if text is not None else _windows1252(data)


def _strict_utf8(data: bytes) -> str | None:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _windows1252(data: bytes) -> str:
    # Five bytes have no meaning in Windows-1252; as browsers do, read them as the C1 controls of ISO-8859-1.
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return data.decode("cp1252", "portevoix-c1")


def _c1(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error("portevoix-c1", _c1)
