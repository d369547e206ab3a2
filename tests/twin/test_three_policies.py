"""The scenario of docs/policies.md can be read, and says what that page says, on fewer days."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from portevoix.twin import playing
from portevoix.twin.scenario import load

SCENARIO = Path(__file__).resolve().parents[2] / "docs" / "examples" / "three-policies.toml"


def test_a_reserve_answers_calls_sooner_and_mails_later_on_the_same_clients() -> None:
    outcome = playing.play_all(replace(load(SCENARIO), replications=4), lambda share: None)
    assert list(outcome.told) == ["echeance", "reserve", "reserve-et-urgence"]
    for change in outcome.differences().values():
        calls = change["paiement phone"]["service_level"]
        assert calls.mean - calls.half > 0
        mails = change["orientation mail"]["wait_s"]
        assert mails.mean - mails.half > 0
        assert change["all"]["offered"].mean == 0
    # In time all the same: two days.
    assert outcome.intervals("reserve")["orientation mail"]["service_level"].mean == 1.0
