"""Nobody waits for ever, however much comes: also not on a line whose waiting is cheap, beside one that is dear and overrun."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from portevoix.domain.advisers.capacity import Limits
from portevoix.domain.channels import Channel
from portevoix.domain.routing.floor import Floor
from portevoix.domain.routing.policy import MOST, decide, pull
from portevoix.domain.routing.types import Adviser, LineUrgency, Policy, Waiting

CHEAP, DEAR = 1, 2
SERVICE = 60.0  # seconds a contact takes the only person there is


def rounds_until_taken(cheap: LineUrgency, dear: LineUrgency, target: float, a_round: int, most: int) -> int:
    """One person, who finishes one contact a round, while so many dear ones come: when the cheap one is taken."""
    policy = Policy(urgency={CHEAP: cheap, DEAR: dear})
    floor = Floor(policy)
    floor.set_adviser(Adviser(1, frozenset({CHEAP, DEAR}), limits=Limits(mails=1)))
    floor.add(Waiting(2, DEAR, Channel.MAIL, 0.0, target))
    floor.place(0.0)
    floor.add(Waiting(1, CHEAP, Channel.MAIL, 0.0, target))
    number = 2
    for count in range(1, most):
        now = count * SERVICE
        for _ in range(a_round):
            number += 1
            floor.add(Waiting(number, DEAR, Channel.MAIL, now, now + target))
        floor.release(1, Channel.MAIL, now)
        (placed,) = floor.place(now)
        if placed.contact_id == 1:
            return count
    return most


@settings(max_examples=25)
@given(
    weight=st.sampled_from((1.0, 3.0, 100.0, 1e12)),
    scale=st.sampled_from((30.0, 60.0, 300.0)),
    target=st.sampled_from((0.0, 60.0, 900.0)),
    a_round=st.sampled_from((2, 3)),
)
def test_an_overrun_dear_line_does_not_starve_a_cheap_one(
    weight: float, scale: float, target: float, a_round: int
) -> None:
    cheap = LineUrgency(1.0, 600.0)
    # It has come so far after that, and then at most those go before it that were due before it.
    latest = (target + MOST * cheap.scale) / SERVICE + a_round * (target / SERVICE + 1) + 2
    assert rounds_until_taken(cheap, LineUrgency(weight, scale), target, a_round, int(latest) + 2) <= latest


def test_the_dear_line_goes_first_until_then() -> None:
    assert rounds_until_taken(LineUrgency(1.0, 600.0), LineUrgency(10.0, 60.0), 60.0, 2, 100) == 100


def test_the_cost_stops_growing_and_the_due_times_decide() -> None:
    dear = LineUrgency(1e6, 1.0)
    assert pull(0.0, dear, 1e9) == -MOST
    policy = Policy(urgency={CHEAP: LineUrgency(1.0, 10.0), DEAR: dear})
    waiting = [Waiting(1, DEAR, Channel.MAIL, 0.0, 50.0), Waiting(2, CHEAP, Channel.MAIL, 0.0, 40.0)]
    (placed,) = decide(waiting, [Adviser(1, frozenset({CHEAP, DEAR}), limits=Limits(mails=1))], 1e6, policy)
    assert placed.contact_id == 2
