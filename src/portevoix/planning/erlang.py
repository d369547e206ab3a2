"""Erlang's formulas: what a line of equal people does under a steady load. Exact and stable for any size.

Load ``a`` is in erlangs (arrival rate times handling time), ``servers`` are people at work, ``handling`` (AHT), ``target``
(the wait that still counts as good) and ``patience`` (mean time until a caller gives up) are in seconds.

All of it rests on the inverse of Erlang's loss formula, 1/B(k) = 1 + k/a · 1/B(k-1), 1/B(0) = 1: only positive terms are added,
so nothing cancels, whatever the size (A. K. Erlang 1917; the inverse form: Jagers & van Doorn 1986).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import exp, inf, isfinite, log, sqrt

import numpy as np

#: Beyond this the inverse is taken to be infinite: nobody is blocked.
_HUGE = 1e290
#: e to the power of minus this is nothing beside 1.
_NOTHING = 45.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What callers meet. ``blocking``: lost when there is no queue (Erlang B). ``waiting``: the share that does not get
    through at once. ``service_level``: the share of all callers answered within the target. ``asa_s``: the mean wait of
    those answered (infinite when the queue grows without end). ``occupancy``: the share of time people are busy.
    ``abandonment``: the share of all callers that gives up. ``wait_s``: the mean time in the queue of all callers;
    ``queue``: how many wait on average."""

    blocking: float
    waiting: float
    service_level: float
    asa_s: float
    occupancy: float
    abandonment: float
    wait_s: float
    queue: float


def _check(load: float, servers: int, **others: float | None) -> None:
    wrong = [
        name for name, value in others.items() if value is not None and not (value > 0 and isfinite(value))
    ]
    if not (load >= 0 and isfinite(load)):
        wrong.insert(0, "load")
    if servers < 0:
        wrong.insert(0, "servers")
    if wrong:
        msg = f"{', '.join(wrong)}: a positive number was expected"
        raise ValueError(msg)


def inverse_blocking(load: float, servers: int) -> float:
    """1/B: how many times the state "all busy" fits into all states. Infinite where B is below 1e-290."""
    value = 1.0
    if load == 0:
        return inf if servers else 1.0
    for k in range(1, servers + 1):
        value = 1.0 + value * (k / load)
        if value > _HUGE and k >= load:
            return inf
    return value


def blocking(load: float, servers: int) -> float:
    """Erlang B: the share of callers lost when nobody can wait. Raises ``ValueError`` for a negative load or number."""
    _check(load, servers)
    if load == 0:
        return 0.0 if servers else 1.0
    return 1.0 / inverse_blocking(load, servers)


def waiting(load: float, servers: int) -> float:
    """Erlang C: the share of callers that wait when everybody waits for ever; 1 when the load is too large."""
    _check(load, servers)
    if load == 0:
        return 0.0 if servers else 1.0
    if load >= servers:
        return 1.0
    rho = load / servers
    return 1.0 / ((1.0 - rho) * inverse_blocking(load, servers) + rho)


def patient(load: float, servers: int, handling: float, target: float) -> Outcome:
    """Everybody waits for ever (Erlang C)."""
    _check(load, servers, handling=handling)
    if target < 0:
        msg = "target: a number that is not negative was expected"
        raise ValueError(msg)
    lost, wait = blocking(load, servers), waiting(load, servers)
    if load >= servers:
        return Outcome(lost, 1.0, 0.0, inf, 1.0 if servers else 0.0, 0.0, inf, inf)
    spare = servers - load
    level = 1.0 - wait * exp(-spare * target / handling)
    mean = wait * handling / spare
    return Outcome(lost, wait, level, mean, load / servers, 0.0, mean, wait * load / spare)


def impatient(load: float, servers: int, handling: float, target: float, patience: float) -> Outcome:
    """Callers give up after an exponential time of mean ``patience`` (Erlang A, M/M/n+M).

    C. Palm 1946; Garnett, Mandelbaum & Reiman 2002. The wait that is offered has the density
    v(t) = n·μ·π(n)·exp(λ/θ·(1 - e^-θt) - n·μ·t) (Baccelli & Hebuterne 1981), so that the share served in time is one smooth integral.
    """
    _check(load, servers, handling=handling, patience=patience)
    if load == 0:
        return Outcome(0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    if servers == 0:
        return Outcome(1.0, 1.0, 0.0, inf, 0.0, 1.0, patience, load * patience / handling)
    rate, mu, theta = load / handling, 1.0 / handling, 1.0 / patience
    # In the queue: terms r_j = prod rate / (n mu + i theta), relative to "all busy, nobody waits".
    top = max(0.0, (rate - servers * mu) / theta)
    reach = int(top + 40.0 * sqrt(max(rate / theta, 1.0)) + 200)
    if load < servers:  # they fall at least as fast as without abandonment
        reach = min(reach, int(_NOTHING / -log(load / servers)) + 50)
    steps = np.arange(1, reach + 1)
    logs = np.cumsum(np.log(rate / (servers * mu + steps * theta)))
    shift = max(0.0, float(logs.max()))
    terms = np.exp(logs - shift)
    inverse = inverse_blocking(load, servers)
    none = exp(-shift)  # the term of j = 0
    whole = inverse * none + float(terms.sum())
    if not isfinite(whole):
        return Outcome(0.0, 0.0, 1.0, 0.0, load / servers, 0.0, 0.0, 0.0)
    wait = min(1.0, (none + float(terms.sum())) / whole)
    queue = float((steps * terms).sum()) / whole
    mean = queue / rate
    gone = theta * mean
    served = (1.0 - wait) + _served_in_time(rate, servers * mu, theta, target, -shift - log(whole))
    answered = 1.0 - gone
    # Of those answered: all waiting time less the time of those who gave up.
    lost_time = _time_of_the_lost(rate, servers * mu, theta, -shift - log(whole))
    asa = max(0.0, mean - lost_time) / answered if answered > 0 else inf
    return Outcome(1.0 / inverse, wait, min(1.0, served), asa, load * answered / servers, gone, mean, queue)


@cache
def _legendre() -> tuple[np.ndarray, np.ndarray]:
    nodes, weights = np.polynomial.legendre.leggauss(24)
    return nodes, weights


def _panels(end: float, sharp: float) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights of Gauss and Legendre on [0, end], in pieces no longer than the sharpest bend."""
    nodes, weights = _legendre()
    count = int(min(4000, max(8, end / sharp)))
    edges = np.linspace(0.0, end, count + 1)
    half = np.diff(edges)[:, None] / 2
    middle = (edges[:-1] + edges[1:])[:, None] / 2
    return (middle + half * nodes).ravel(), (half * weights).ravel()


def _density(t: np.ndarray, rate: float, capacity: float, theta: float, log_full: float) -> np.ndarray:
    return capacity * np.exp(log_full - rate / theta * np.expm1(-theta * t) - capacity * t)


def _sharp(rate: float, capacity: float, theta: float) -> float:
    return 1.0 / max(abs(rate - capacity), sqrt(rate * theta), theta)


def _served_in_time(rate: float, capacity: float, theta: float, target: float, log_full: float) -> float:
    """Waits, does not give up, and is answered by the target."""
    if target <= 0:
        return 0.0
    t, weights = _panels(target, _sharp(rate, capacity, theta))
    return float((weights * np.exp(-theta * t) * _density(t, rate, capacity, theta, log_full)).sum())


def _end(rate: float, capacity: float, theta: float) -> float:
    """The offered wait after which its density is nothing: where its exponent has fallen by 45 from its peak."""
    peak = max(0.0, log(rate / capacity) / theta)
    slow = min(rate, capacity)
    wide = sqrt(3 * _NOTHING / (slow * theta))
    if wide > 1 / theta:
        wide = _NOTHING / slow + 1 / theta
    if capacity > rate:
        wide = min(wide, _NOTHING / (capacity - rate))
    return peak + wide


def _time_of_the_lost(rate: float, capacity: float, theta: float, log_full: float) -> float:
    """Mean time in the queue of a caller, counted for those who give up alone.

    Given an offered wait v the patience p counts when p < v: E[p; p < v] = (1 - e^-θv(1 + θv)) / θ.
    """
    t, weights = _panels(_end(rate, capacity, theta), _sharp(rate, capacity, theta))
    spent = -(np.expm1(-theta * t) + theta * t * np.exp(-theta * t)) / theta
    return float((weights * spent * _density(t, rate, capacity, theta, log_full)).sum())
