"""A certificate authority of the tests and certificates of it."""

from __future__ import annotations

import subprocess
from pathlib import Path


class Authority:
    """Signs for ``localhost`` and 127.0.0.1. ``ca`` is what a client must trust."""

    def __init__(self, home: Path) -> None:
        self.home = home
        home.mkdir(parents=True, exist_ok=True)
        self.ca = home / "ca.pem"
        self._key = home / "ca.key"
        _openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
            str(self._key), "-out", str(self.ca), "-days", "30", "-subj", "/CN=Test CA",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign",
        )  # fmt: skip

    def certificate(self, name: str = "localhost", *, days: int = 10) -> tuple[Path, Path]:
        """A certificate and its key. ``days`` may be negative: a certificate that has run out."""
        cert, key, request, extra = (self.home / f"{name}.{end}" for end in ("pem", "key", "csr", "ext"))
        _openssl(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", str(key),
            "-out", str(request), "-subj", f"/CN={name}",
        )  # fmt: skip
        extra.write_text(f"subjectAltName=DNS:{name},IP:127.0.0.1\n")
        since = (
            ["-not_before", "20200101000000Z", "-not_after", "20200102000000Z"]
            if days < 0
            else ["-days", str(days)]
        )
        if days < 0:
            self._sign_past(cert, request, extra, since)
        else:
            _openssl(
                "x509", "-req", "-in", str(request), "-CA", str(self.ca), "-CAkey", str(self._key),
                "-CAcreateserial", "-out", str(cert), "-extfile", str(extra), *since,
            )  # fmt: skip
        return cert, key

    def _sign_past(self, cert: Path, request: Path, extra: Path, since: list[str]) -> None:
        # Only `openssl ca` can date a certificate back.
        base = self.home / "ca-db"
        base.mkdir(exist_ok=True)
        (base / "index.txt").write_text("")
        (base / "serial").write_text("01\n")
        config = base / "ca.cnf"
        config.write_text(
            f"[ca]\ndefault_ca=d\n[d]\ndatabase={base}/index.txt\nserial={base}/serial\nnew_certs_dir={base}\n"
            "default_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n"
        )
        start, end = since[1].removeprefix("20"), since[3].removeprefix("20")
        _openssl(
            "ca", "-batch", "-config", str(config), "-cert", str(self.ca), "-keyfile", str(self._key), "-in",
            str(request), "-out", str(cert), "-extfile", str(extra), "-startdate", start, "-enddate", end, "-notext",
        )  # fmt: skip


def _openssl(*words: str) -> None:
    done = subprocess.run(["openssl", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
