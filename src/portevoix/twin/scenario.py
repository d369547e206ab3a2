"""From a scenario file to a scenario. The format is described in docs/twin.md."""

from __future__ import annotations

import csv
from pathlib import Path

from portevoix.domain.advisers.capacity import Limits
from portevoix.domain.allocation.contract import Contract, Volumes
from portevoix.domain.channels import WORK, Channel, Work
from portevoix.domain.routing.types import Choice, LineUrgency, Organisations, Policy, Reserve, Skills
from portevoix.twin.model import DAY, QUARTER, Agreement, Duration, Group, Kind, Relax, Scenario, Seat, Stream
from portevoix.twin.reading import Mistake, Table, among, clock, listed, number, parse, text, whole, yes

_NO_WORDS: tuple[str, ...] = ()
_ALWAYS: tuple[tuple[float, float], ...] = ()
DAYS: tuple[str, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class _Names:
    """Words of the file as the small numbers that the domain uses."""

    def __init__(self, *first: str) -> None:
        self.known: dict[str, int] = {name: number for number, name in enumerate(first)}

    def __call__(self, name: str) -> int:
        return self.known.setdefault(name, len(self.known))


class _Reader:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lines, self.skills, self.organisations = _Names(), _Names(), _Names("")

    def scenario(self, top: Table) -> Scenario:
        days = top.get("days", 1.0, number(0, 1000, above=True))
        seconds = days * DAY
        warm_up = top.get("warm_up_hours", 0.0, number(0)) * 3600
        if warm_up >= seconds:
            raise top.wrong("warm_up_hours", "less than the days played was expected")
        streams = tuple(self.stream(table) for table in top.tables("stream"))
        if not streams:
            raise top.wrong("stream", "is missing: at least one [[stream]] was expected")
        for place, one in enumerate(streams):
            if one.name in {other.name for other in streams[:place]} | {"all", "staff"}:
                raise top.tables("stream")[place].wrong(
                    "name", f"another name than {one.name!r} was expected"
                )
        staff = tuple(self.group(table) for table in top.tables("staff"))
        if not staff:
            raise top.wrong("staff", "is missing: at least one [[staff]] was expected")
        agreements = tuple(self.agreement(table) for table in top.tables("contract"))
        policies = top.table("policy")
        named = {name: self.policy(policies.table(name)) for name in policies.names()}
        read = Scenario(
            top.get("name", "", text),
            seconds,
            warm_up,
            streams,
            staff,
            named or {"default": Policy()},
            tuple(self.lines.known),
            tuple(self.organisations.known),
            top.get("replications", 5, whole(1, 10_000)),
            top.get("seed", 1, whole(0)),
            DAYS.index(top.get("first_day", "mon", among(*DAYS))),
            agreements,
        )
        top.done()
        self._somebody_for_each(top, read)
        return read

    def _somebody_for_each(self, top: Table, read: Scenario) -> None:
        """A stream that nobody can ever take is a mistake, not a figure."""
        for place, stream in enumerate(read.streams):
            asked = [(frozenset({stream.line}), stream.skills, stream.organisations)]
            asked += [(one.lines | {stream.line}, one.skills, one.organisations) for one in stream.relax]
            if not any(_can(group, *terms) for group in read.staff for terms in asked):
                raise top.tables("stream")[place].wrong(
                    "skills" if stream.skills else "line", "nobody in [[staff]] can ever take this stream"
                )
            for number_, seat in enumerate(stream.seats):
                able = sum(
                    group.count
                    for group in read.staff
                    if _can(group, frozenset({stream.line}), seat.skills, None)
                )
                if able < 1:
                    raise (
                        top.tables("stream")[place]
                        .tables("seat")[number_]
                        .wrong("skills", "nobody in [[staff]] who answers this line can ever take this seat")
                    )

    def stream(self, table: Table) -> Stream:
        line, channel = table.need("line", text), table.need("channel", among(*Channel))
        replay: tuple[tuple[float, float, float], ...] = ()
        if table.has("replay"):
            replay = self.replay(table)
            quarters: tuple[float, ...] = (0.0,)
        elif table.has("per_hour"):
            quarters = (table.need("per_hour", number(0)) * QUARTER / 3600,)
        else:
            quarters = table.need(
                "per_quarter", listed(number(0), "numbers, one for each quarter of an hour")
            )
        stream = Stream(
            table.get("name", f"{line} {channel}", text),
            self.lines(line),
            Channel(channel),
            quarters,
            Duration(Kind.CONSTANT, 1.0) if replay else self.duration(table.table("handling"), "handling"),
            self.duration(table.table("patience"), "patience")
            if table.has("patience")
            else Duration(Kind.NEVER),
            table.need("target_s", number(0)),
            self.levels(table.table("skills")),
            self.whose(table),
            tuple(self.relax(one) for one in table.tables("relax")),
            replay,
            table.get("resample", 0.0, number(0, 100)) if replay else 0.0,
            self.seats(table, Channel(channel)),
        )
        after = [one.after for one in stream.relax]
        if after != sorted(after):
            raise table.wrong("relax", "steps in the order of 'after' were expected")
        table.done()
        return stream

    def seats(self, table: Table, channel: Channel) -> tuple[Seat, ...]:
        """Whom else a contact needs at the same time."""
        found: list[Seat] = []
        for one in table.tables("seat"):
            if WORK[channel] is not Work.WHOLE:
                raise one.wrong("", "several people at once are for calls, relay calls and call-backs")
            name = one.need("name", text)
            if name in {"adviser", *(seat.name for seat in found)}:
                raise one.wrong("name", f"another name than {name!r} was expected")
            found.append(Seat(name, self.levels(one.table("skills"))))
            one.done()
        return tuple(found)

    def agreement(self, table: Table) -> Agreement:
        """What is agreed with one organisation, as in the settings of the centre."""
        organisation = table.need("organisation", text)
        if organisation not in self.organisations.known:
            raise table.wrong(
                "organisation", f"an organisation that [[staff]] has was expected, not {organisation!r}"
            )
        lines = table.get("lines", _NO_WORDS, listed(text, "lines"))
        channels = table.get("channels", _NO_WORDS, listed(among(*Channel), "channels"))
        amounts = {
            name: table.get(name, None, _some)
            for name in ("day_least", "day_most", "week_least", "week_most")
        }
        try:
            volumes = Volumes(**amounts)
        except ValueError:
            raise table.wrong("day_least", "a least that is not above its most was expected") from None
        contract = Contract(
            self.organisations(organisation),
            table.need("share", number(0, 100)) / 100,
            frozenset(self.line(table, line, "lines") for line in lines),
            frozenset(Channel(one) for one in channels),
            volumes=volumes,
            helps_after=table.get("helps_after", None, _seconds),
            lends_after=table.get("lends_after", None, _seconds),
        )
        shifts = table.get("hours", _ALWAYS, listed(clock, "spans of the day like 08:00-18:30"))
        days = table.get("days", DAYS, listed(among(*DAYS), "days: mon, tue, ..."))
        table.done()
        return Agreement(contract, tuple(sorted(shifts)), frozenset(DAYS.index(day) for day in days))

    def relax(self, table: Table) -> Relax:
        lines = table.get("lines", _NO_WORDS, listed(text, "lines"))
        step = Relax(
            table.need("after", number(0)),
            self.levels(table.table("skills")),
            self.whose(table),
            frozenset(self.lines(one) for one in lines),
            table.get("why", "", text),
        )
        table.done()
        return step

    def whose(self, table: Table) -> Organisations:
        named = table.get("organisations", _NO_WORDS, listed(text, "organisations"))
        return frozenset(self.organisations(one) for one in named) if named else None

    def levels(self, table: Table) -> Skills:
        return frozenset((self.skills(name), table.need(name, whole(1, 5))) for name in table.names())

    def duration(self, table: Table, name: str) -> Duration:
        kind = Kind(table.need("kind", among(*Kind)))
        if kind is Kind.NEVER:
            if name != "patience":
                raise table.wrong("kind", "only patience is without end")
            table.done()
            return Duration(kind)
        if kind is Kind.VALUES:
            seen = table.need("values", listed(number(0), "seconds"))
            table.done()
            return Duration(kind, values=seen)
        mean = table.need("mean", number(0, above=True))
        varies = kind in (Kind.GAMMA, Kind.LOGNORMAL)
        cv = table.need("cv", number(0, 50, above=True)) if varies else 1.0
        table.done()
        return Duration(kind, mean, cv)

    def replay(self, table: Table) -> tuple[tuple[float, float, float], ...]:
        """``at_s,handling_s,patience_s`` (empty patience: without end), as ``portevoix twin export`` writes them."""
        path = self.folder / table.need("replay", text)
        try:
            with path.open(encoding="utf-8-sig", newline="") as told:
                rows = csv.DictReader(told)
                missing = {"at_s", "handling_s", "patience_s"} - set(rows.fieldnames or ())
                if missing:
                    raise table.wrong(
                        "replay", f"{path.name}, line 1: no column {', '.join(sorted(missing))}"
                    )
                return tuple(sorted(self.client(table, path.name, rows.line_num, row) for row in rows))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise table.wrong("replay", f"{path.name} cannot be read: {error}") from None

    def client(self, table: Table, name: str, line: int, row: dict[str, str]) -> tuple[float, float, float]:
        try:
            at, handling = float(row["at_s"]), float(row["handling_s"])
            patience = float(row["patience_s"] or "inf")
        except (TypeError, ValueError):
            at = handling = patience = -1.0
        if not (0 <= at < float("inf") and 0 < handling < float("inf") and patience >= 0):
            raise table.wrong("replay", f"{name}, line {line}: three numbers of seconds were expected")
        return at, handling, patience

    def group(self, table: Table) -> Group:
        shifts = table.get("shifts", _ALWAYS, listed(clock, "spans of the day like 08:00-18:30"))
        days = table.get("days", DAYS, listed(among(*DAYS), "days: mon, tue, ..."))
        limits = Limits(
            table.get("calls", 1, whole(0, 1)),
            table.get("chats", 3, whole(0, 50)),
            table.get("mails", 3, whole(0, 50)),
            mails_pause_for_chats=table.get("mails_pause_for_chats", False, yes),
            mails_block_calls=table.get("mails_block_calls", False, yes),
        )
        lines = table.need("lines", listed(text, "lines"))
        group = Group(
            table.get("name", " ".join(lines), text),
            table.need("count", whole(1, 100_000)),
            frozenset(self.lines(one) for one in lines),
            self.levels(table.table("skills")),
            self.organisations(table.get("organisation", "", text)),
            limits,
            tuple(sorted(shifts)),
            frozenset(DAYS.index(day) for day in days),
            table.need("spans", listed(_span, "pairs of seconds, from and to"))
            if table.has("spans")
            else None,
        )
        for since, until in zip(group.spans or (), (group.spans or ())[1:], strict=False):
            if until[0] < since[1]:
                raise table.wrong("spans", "spans in the order of time that do not overlap were expected")
        for before, after in zip(group.shifts, group.shifts[1:], strict=False):
            if after[0] < before[1]:
                raise table.wrong("shifts", "spans that do not overlap were expected")
        table.done()
        return group

    def policy(self, table: Table) -> Policy:
        urgency = table.table("urgency")
        weights = {}
        for line in urgency.names():
            one = urgency.table(line)
            weights[self.line(one, line)] = LineUrgency(
                one.get("weight", 1.0, number(0, above=True)), one.get("scale", 3600.0, number(0, above=True))
            )
            one.done()
        reserves = []
        for one in table.tables("reserve"):
            lines = one.need("lines", listed(text, "lines"))
            keep = one.need("keep", whole(0, 100_000))
            reserves.append(Reserve(frozenset(self.line(one, line, "lines") for line in lines), keep))
            one.done()
        policy = Policy(
            Choice(table.get("choice", Choice.LEAST_HELD.value, among(*Choice))),
            expert_first=table.get("expert_first", False, yes),
            urgency=weights,
            reserves=tuple(reserves),
            hold_seconds=table.get("hold_seconds", 20.0, number(0)),
        )
        table.done()
        return policy

    def line(self, table: Table, name: str, field: str = "") -> int:
        if name not in self.lines.known:
            raise table.wrong(field, f"a line that some stream has was expected, not {name!r}")
        return self.lines(name)


def _span(value: object) -> tuple[float, float]:
    seconds = listed(number(0), "two numbers")(value)
    if len(seconds) != 2 or seconds[1] <= seconds[0]:
        raise ValueError("a pair of seconds, from and to,")
    return seconds[0], seconds[1]


def _some(value: object) -> int | None:
    return whole(0)(value)


def _seconds(value: object) -> float | None:
    return number(0)(value)


def _can(group: Group, lines: frozenset[int], skills: Skills, organisations: Organisations) -> bool:
    held = dict(group.skills)
    return (
        not group.lines.isdisjoint(lines)
        and all(held.get(skill, 0) >= level for skill, level in skills)
        and (organisations is None or group.organisation in organisations)
    )


def load(path: Path) -> Scenario:
    """The scenario of a file. Raises ``Mistake`` with the line, the field and what was expected, ``OSError``."""
    try:
        return read(path.read_text("utf-8"), path.parent)
    except UnicodeDecodeError as error:
        raise Mistake(f"line {error.object[: error.start].count(10) + 1}: UTF-8 text was expected") from None


def read(content: str, folder: Path) -> Scenario:
    """The scenario of a text; files it names are looked for in ``folder``."""
    return _Reader(folder).scenario(parse(content))
