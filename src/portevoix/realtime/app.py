"""The process that holds the browsers' open connections: ``GET /events?token=…``.

It pushes only ``{seq, kind, id, contact}``; the browser then fetches the fragment through the ordinary page, where rights
are checked as for any page. Run by uvicorn: ``portevoix.realtime.app:app``.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from typing import TYPE_CHECKING

import nats
import orjson
from nats.errors import Error as NatsError
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from portevoix.bus import HERE, PUSH, RESYNC
from portevoix.realtime.hub import Hub, Push, figures
from portevoix.realtime.token import LIFETIME, BadToken, Grant, read

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from nats.aio.msg import Msg
    from starlette.requests import Request

#: A sign of life that the page can see and answers: after 30 s without one it comes back by itself (a half-open network,
#: F45), and after 15 s without an answer its adviser's work is free.
PING_SECONDS = 5.0
#: How often the timers hear whose pages answered.
HERE_SECONDS = 1.0
_BEAT = b"event: beat\ndata: {}\n\n"
#: However the wall clock steps, a stream ends with the longest life a token may have (F28).
_LONGEST = LIFETIME + 60
GATHER_SECONDS = 0.05
#: Many lines make a long one; nobody's is longer.
_LONGEST_TOKEN = 100_000
#: Browsers come back after this, plus jitter of their own, so that a restart is no storm.
RETRY_MS = 1500


def _frame(push: Push) -> bytes:
    head = f"id: {push.seq}\n" if push.seq else ""
    return f"{head}event: push\ndata: {push.text}\n\n".encode()


async def _stream(hub: Hub, grant: Grant, last: int | None) -> AsyncIterator[bytes]:
    listener, missed = hub.join(grant.topics, last)
    try:
        yield f"retry: {RETRY_MS}\n\n".encode()
        if missed is None:
            yield b"event: resync\ndata: {}\n\n"
        for old in missed or ():
            yield _frame(old)
        end = time.monotonic() + min(grant.until - time.time(), _LONGEST)
        while (left := end - time.monotonic()) > 0:
            try:
                async with asyncio.timeout(min(PING_SECONDS, left)):
                    push = await listener.queue.get()
            except TimeoutError:
                yield _BEAT
                continue
            if listener.lost:
                listener.lost = False
                while not listener.queue.empty():
                    listener.queue.get_nowait()
                yield b"event: resync\ndata: {}\n\n"
                continue
            pushes = [push]
            while not listener.queue.empty():
                pushes.append(listener.queue.get_nowait())
            if frames := b"".join(_frame(one) for one in pushes if one is not None):
                yield frames
            if None in pushes:
                return
            # The first push of a quiet moment leaves at once; in a busy one what comes meanwhile shares one writing, or
            # two hundred browsers of a line would keep this process from the person an offer is for.
            await asyncio.sleep(GATHER_SECONDS)
        # The token is over: the browser fetches a new one, with the rights it has by then.
        yield b"event: expired\ndata: {}\n\n"
    finally:
        hub.leave(listener)


def _origin() -> str:
    return (
        os.environ.get("PORTEVOIX_ORIGIN") or f"http://127.0.0.1:{os.environ.get('PORTEVOIX_PORT', '8000')}"
    )


def _allowed(request: Request) -> str | None:
    """The page's origin, if it is one of ours. Sent back so that the browser lets the page read."""
    origin = request.headers.get("origin")
    if origin is None:
        return ""
    port = os.environ.get("PORTEVOIX_PORT", "8000")
    ours = {_origin(), *(f"http://{host}:{port}" for host in ("127.0.0.1", "localhost", "[::1]"))}
    return origin if origin in ours else None


async def events(request: Request) -> Response:
    """The stream of one browser. 401 for a token that is not good (any more), 403 for a foreign page."""
    origin = _allowed(request)
    if origin is None:
        return PlainTextResponse("foreign origin", 403)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no", "Vary": "Origin"}
    if origin:
        headers["Access-Control-Allow-Origin"] = origin
    try:
        grant = read(request.app.state.secret, request.query_params.get("token", ""), time.time())
    except BadToken:
        return PlainTextResponse("token", 401, headers=headers)
    given = request.headers.get("last-event-id") or request.query_params.get("last")
    last = int(given) if given and given.isdecimal() and len(given) < 19 else None
    return StreamingResponse(
        _stream(request.app.state.hub, grant, last), media_type="text/event-stream", headers=headers
    )


async def here(request: Request) -> Response:
    """The answer of a page to a beat: its person is there. The token is the body."""
    origin = _allowed(request)
    if origin is None:
        return PlainTextResponse("foreign origin", 403)
    headers = {"Cache-Control": "no-store", "Vary": "Origin"}
    if origin:
        headers["Access-Control-Allow-Origin"] = origin
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _LONGEST_TOKEN:
            return PlainTextResponse("token", 413, headers=headers)
    try:
        grant = read(request.app.state.secret, body.decode("ascii", "replace"), time.time())
    except BadToken:
        return PlainTextResponse("token", 401, headers=headers)
    request.app.state.here.add(grant.account_id)
    return Response(status_code=204, headers=headers)


async def _say_who_is_here(app: Starlette) -> None:
    """Also when nobody is: silence would be taken for ours."""
    while True:
        await asyncio.sleep(HERE_SECONDS)
        bus, told = app.state.bus, app.state.here
        if bus is None or not bus.is_connected:
            continue
        app.state.here = set()
        with contextlib.suppress(NatsError, OSError, TimeoutError):
            await bus.publish(HERE, orjson.dumps({"accounts": sorted(told)}))


async def health(request: Request) -> Response:
    """Alive, and whether the bus is."""
    client = request.app.state.bus
    alive = bool(client and client.is_connected)
    return JSONResponse({"bus": alive} | figures(request.app.state.hub), 200 if alive else 503)


async def _connect(app: Starlette) -> None:
    hub: Hub = app.state.hub

    async def heard(message: Msg) -> None:
        topic = message.subject[len(PUSH) + 1 :]
        if topic == RESYNC:
            hub.resync()
            return
        try:
            seq = int(orjson.loads(message.data)["seq"])
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            return
        hub.push(Push(seq, topic, message.data.decode()))

    async def back() -> None:
        hub.resync()

    async def quiet(_error: Exception) -> None:
        return

    while True:
        try:
            app.state.bus = await nats.connect(
                os.environ["NATS_URL"],
                name="portevoix live",
                max_reconnect_attempts=-1,
                reconnect_time_wait=1,
                ping_interval=5,
                max_outstanding_pings=2,
                reconnected_cb=back,
                error_cb=quiet,
            )
        except (OSError, NatsError, TimeoutError):
            await asyncio.sleep(1)
            continue
        await app.state.bus.subscribe(f"{PUSH}.>", cb=heard)
        hub.resync()  # who joined before this was not told everything
        return


@contextlib.asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    app.state.hub = Hub()
    app.state.bus = None
    app.state.here = set()
    app.state.secret = os.environ["PORTEVOIX_SECRET"].encode()
    tasks = [asyncio.create_task(_connect(app)), asyncio.create_task(_say_who_is_here(app))]
    yield
    for task in tasks:
        task.cancel()
    app.state.hub.close()
    if app.state.bus is not None:
        with contextlib.suppress(NatsError, TimeoutError):
            await app.state.bus.close()


ROUTES = [Route("/events", events), Route("/here", here, methods=["POST"]), Route("/health", health)]
app = Starlette(routes=ROUTES, lifespan=_lifespan)
