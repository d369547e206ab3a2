"""The benchmarks say what they promise, with the keys that others read. No time is judged here."""

import json
import subprocess
import sys

import pytest


def last_line(*words):
    done = subprocess.run(
        [sys.executable, "-m", "portevoix", "bench", *words, "--json"],
        capture_output=True,
        text=True,
        timeout=1700,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    (line,) = done.stdout.strip().splitlines()
    return json.loads(line)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_bench_mail_holds_the_tables_against_the_ledger():
    told = last_line("mail", "--mails", "300")
    assert set(told) == {"bench", "figures", "floor_or_peer", "machine"}
    figures = told["figures"]
    wanted = {
        "mails_per_s",
        "floor_per_s",
        "ratio_to_floor",
        "ack_p95_ms",
        "lost",
        "doubled",
        "rss_growth_mb",
    }
    assert wanted <= set(figures)
    assert (figures["lost"], figures["doubled"], figures["wrong"]) == (0, 0, 0)
    assert figures["mails_per_s"] > 0


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_bench_desk_seeds_asks_and_hears_every_offer():
    told = last_line("desk", "--small")
    figures = told["figures"]
    wanted = {"offer_p95_ms", "list_p95_ms", "conversation_p95_ms", "search_p95_ms", "contacts", "messages"}
    assert wanted <= set(figures)
    assert (figures["contacts"], figures["messages"], figures["unheard"]) == (2_000, 6_000, 0)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_bench_coherence_asks_for_every_page_and_reads_the_log():
    figures = last_line("coherence", "--small")["figures"]
    wanted = {"month_p50_ms", "month_p95_ms", "year_p95_ms", "behind_p95_ms", "manager_p95_ms"}
    assert wanted <= set(figures)
    assert figures["contacts"] == 4_000
    assert figures["reader_events_per_s"] > 0


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_bench_staffing_says_its_figures_and_its_peers():
    told = last_line("staffing")
    assert set(told["figures"]) == {"year_ms", "ratio_to_pyworkforce"}
    assert told["figures"]["year_ms"] > 0


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_bench_twin_says_its_figures_and_agrees_with_its_peers():
    told = last_line("twin", "--small")
    assert {"year_s", "contacts_per_s", "ratio_to_ciw", "ratio_to_simpy"} <= set(told["figures"])
    gave_up = told["floor_or_peer"]["gave_up"]
    assert 0 < gave_up["twin"] < 1


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_bench_router_loses_and_doubles_nothing():
    figures = last_line("router", "--small")["figures"]
    wanted = {
        "placements_per_s", "placements_per_s_1m", "live_contacts_per_s", "live_offer_p99_ms", "takeover_s", "doubled", "lost",
    }  # fmt: skip
    assert wanted <= set(figures)
    assert (figures["doubled"], figures["lost"]) == (0, 0)
