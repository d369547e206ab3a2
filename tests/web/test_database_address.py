"""Django's connections notice a peer that vanished, unless the address says otherwise (RELIABILITY.md F45)."""

from portevoix.web.environment import database


def test_a_vanished_server_is_noticed_within_half_a_minute():
    options = database("postgresql://a:b@db.example/c?sslmode=require")["OPTIONS"]
    waits = [int(options[f"keepalives_{name}"]) for name in ("idle", "interval", "count")]
    assert waits[0] + waits[1] * waits[2] <= 30
    assert int(options["tcp_user_timeout"]) <= 30000
    assert options["sslmode"] == "require"


def test_the_address_wins():
    assert database("postgresql://db.example/c?connect_timeout=60")["OPTIONS"]["connect_timeout"] == "60"
