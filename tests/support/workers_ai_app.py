"""The stand-in of Workers AI as an ASGI application: addresses, tokens, forms, answers."""

import asyncio
import json
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Message, Receive, Scope, Send

from tests.support.third_party import envelope, generated, inlined, read_run
from tests.support.third_party_models import AnswerKind
from tests.support.workers_ai_behaviours import (
    NAMED,
    Behaviour,
    Exchange,
    Reply,
    failure,
    once,
    slow,
    success,
)
from tests.support.workers_ai_catalogue import catalog, schema, search
from tests.support.workers_ai_fields import read_fields
from tests.support.workers_ai_models import MODELS, Form
from tests.support.workers_ai_pictures import picture
from tests.support.workers_ai_rules import Refusal, check

_RUN_ANY = re.compile(r"/client/v4/accounts/(?P<account>[^/]+)/ai/run")
_FILE = re.compile(r"/files/(?P<number>\d+)")
_RUN = re.compile(r"/client/v4/accounts/(?P<account>[^/]+)/ai/run/(?P<model>.+)")
_GATEWAY = re.compile(r"/v1/(?P<account>[^/]+)/[^/]+/workers-ai/(?P<model>.+)")
_LISTS = re.compile(
    r"/client/v4/accounts/(?P<account>[^/]+)/ai/"
    r"(models/(?P<hosted>search|schema)|catalog/models(/(?P<model>.+)/schema)?)"
)
_TOKEN_HEADERS = {"authorization", "cf-aig-authorization"}
_ABORT_SECONDS = 10
_MAGIC = re.compile(r"\[stand-in: (?P<name>\w+)\]")


@dataclass(kw_only=True)
class RecordedRequest:
    """A call of a model, as it came in, whether it was accepted or refused."""

    model: str
    at: float
    """Seconds of ``time.monotonic``."""

    headers: Mapping[str, str]
    """Without the tokens; names in lower case."""

    path: str
    connection: str
    """The caller's end of the connection that it came by."""

    in_flight: int = 0
    """How many calls were being worked on, this one included."""

    form: Form | None = None
    prompt: str | None = None
    parameters: dict[str, object] = field(default_factory=dict)
    """By wire name, as sent: a form's numbers are text, its files bytes."""

    refusal: Refusal | None = None

    body: bytes = field(default=b"", repr=False)
    """As it came."""


class FakeWorkersAI:
    """The service's state, to read and to set from a test at any time.

    Attributes:
        origin: Where it listens, such as ``http://127.0.0.1:9001``.
        account_id: The one account there is.
        token: The one token that is taken.
        gateway_token: The token that the AI Gateway requires; None: it requires none.
        latency: Seconds that a picture takes.
        always: What happens when no other behaviour is due; None: a picture.
        search_reply: What is answered to a search for models; None: the models.
        catalog_reply: The same for the list of other providers' models.
        requests: The calls of models that were read to the end or refused, oldest first. A call
            that a test finds here has its fields, and how it is answered has been chosen.
        file_replies: What is answered to the next requests for images at addresses; after those,
            the images.
        file_requests: How many requests for images came.
        usage: The tokens that answers report, in place of the model's own.
        reply_headers: Further headers of every answer of a model.
        answer_as: How images of other providers' models are answered, in place of their own way.
        peak_in_flight: The most calls that were being worked on at one time.
    """

    def __init__(
        self,
        *,
        account_id: str = "0123456789abcdef0123456789abcdef",
        token: str = "standin-token-of-workers-ai",
        latency: float = 0.0,
    ) -> None:
        self.origin = ""
        self.account_id = account_id
        self.token = token
        self.gateway_token: str | None = None
        self.latency = latency
        self.always: Behaviour | None = None
        self.search_reply: Reply | None = None
        self.catalog_reply: Reply | None = None
        self.requests: list[RecordedRequest] = []
        self.file_replies: deque[Reply] = deque()
        self.file_requests = 0
        self.answer_as: AnswerKind | None = None
        self.reply_headers: dict[str, str] = {}
        self.usage: dict[str, Any] | None = None
        self._files: dict[str, tuple[bytes, str]] = {}
        self.peak_in_flight = 0
        self._next: deque[Behaviour] = deque()
        self._may_answer: threading.Event | None = None
        self._working: set[int] = set()
        self._aborts: dict[int, Callable[[], object]] = {}
        self._pictures = 0

    @property
    def base_url(self) -> str:
        """The address of the API, as Cloudflare's ends in ``/client/v4``."""
        return f"{self.origin}/client/v4"

    @property
    def gateway_base_url(self) -> str:
        """The address of an AI Gateway, ending in ``/workers-ai``."""
        return f"{self.origin}/v1/{self.account_id}/a-gateway/workers-ai"

    def next(self, *behaviours: Behaviour) -> None:
        """Have the next calls that are valid behave so, one each."""
        self._next.extend(behaviours)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the answers to the calls that come in during the block until its end."""
        may_answer = self._may_answer = threading.Event()
        try:
            yield
        finally:
            self._may_answer = None
            may_answer.set()

    def reset(self) -> None:
        """Forget what was recorded and what was told, but not the latency."""
        self.requests = []
        self.peak_in_flight = 0
        self.always = None
        self.search_reply = None
        self.catalog_reply = None
        self.gateway_token = None
        self.file_replies.clear()
        self.file_requests = 0
        self.answer_as = None
        self.reply_headers = {}
        self.usage = None
        self._files.clear()
        self._next.clear()

    @property
    def unanswered(self) -> int:
        """How many calls have not been answered to the end."""
        return len(self._aborts)

    def abort_calls(self) -> None:
        """Break off the calls that are not answered yet, and wait for their end.

        Call it from another thread than the stand-in's.
        """
        give_up = time.monotonic() + _ABORT_SECONDS
        while aborts := list(self._aborts.values()):
            for abort in aborts:
                abort()
            assert time.monotonic() < give_up, "calls of models do not end"
            time.sleep(0.01)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if scope["path"].startswith("/_"):
            await (await self._control(request))(scope, receive, send)
            return
        if found := _FILE.fullmatch(scope["path"]):
            await self._file(found["number"])(scope, receive, send)
            return
        if found := _RUN_ANY.fullmatch(scope["path"]):
            await self._run(request, send, found["account"], "")
            return
        if found := _RUN.fullmatch(scope["path"]) or _GATEWAY.fullmatch(scope["path"]):
            await self._run(request, send, found["account"], found["model"])
            return
        response = self._other(request)
        await response(scope, receive, send)

    async def _control(self, request: Request) -> Response:
        if (request.method, request.url.path) == ("GET", "/_requests"):
            return JSONResponse([_described(recorded) for recorded in self.requests])
        if (request.method, request.url.path) == ("DELETE", "/_requests"):
            self.reset()
            return Response(status_code=204)
        if (request.method, request.url.path) == ("POST", "/_next"):
            self.next(*(NAMED[name] for name in await request.json()))
            return Response(status_code=204)
        return Response(status_code=404)

    def _file(self, number: str) -> Response:
        self.file_requests += 1
        if self.file_replies:
            return _response(self.file_replies.popleft())
        data, media_type = self._files.get(number, (b"", ""))
        return Response(data, 200 if data else 404, media_type=media_type)

    def _other(self, request: Request) -> Response:
        try:
            found = _LISTS.fullmatch(request.url.path)
            if found is None or request.method != "GET":
                raise Refusal(7003, 404, f"Could not route to {request.url.path}")
            self._check_caller(request, found["account"])
            if found["hosted"] == "schema" or found["model"] is not None:
                return JSONResponse(schema(found["model"] or request.query_params["model"]))
            if found["hosted"] is None:
                if self.catalog_reply is not None:
                    return _response(self.catalog_reply)
                return JSONResponse(catalog(request.query_params))
            if self.search_reply is not None:
                return _response(self.search_reply)
            return JSONResponse(search(request.query_params))
        except Refusal as refusal:
            return _response(failure(refusal.code, refusal.status, refusal.message))

    async def _run(self, request: Request, send: Send, account: str, model: str) -> None:
        recorded = _recorded(request, model)
        self._working.add(id(recorded))
        transport = request.scope["extensions"]["transport"]["transport"]
        loop = asyncio.get_running_loop()
        self._aborts[id(recorded)] = partial(loop.call_soon_threadsafe, transport.abort)
        self.peak_in_flight = max(self.peak_in_flight, len(self._working))
        recorded.in_flight = len(self._working)

        async def send_when_done(message: Message) -> None:
            self._working.discard(id(recorded))
            await send(message)

        try:
            await self._answer(request, send_when_done, account, recorded)
        except ClientDisconnect:
            return
        finally:
            self._working.discard(id(recorded))
            del self._aborts[id(recorded)]

    async def _answer(
        self, request: Request, send: Send, account: str, recorded: RecordedRequest
    ) -> None:
        try:
            exchange = await self._checked(request, send, account, recorded)
        except Refusal as refusal:
            recorded.refusal = refusal
            self.requests.append(recorded)
            response = _response(failure(refusal.code, refusal.status, refusal.message))
            await response(request.scope, request.receive, send)
            return
        # Chosen as it comes in: a call that one test left behind takes nothing of the next's.
        behave = slow(self.latency, self._due(recorded.prompt or ""))
        if self._may_answer is not None:
            behave = once(self._may_answer, behave)
        self.requests.append(recorded)  # only now: tests act as soon as they find a call here
        await _until_gone(behave, exchange, request.receive)

    async def _checked(
        self, request: Request, send: Send, account: str, recorded: RecordedRequest
    ) -> Exchange:
        self._check_caller(request, account)
        if request.method != "POST":
            raise Refusal(7001, 405, "Method not allowed")
        if not recorded.model:
            return await self._checked_run(request, send, recorded)
        rules = MODELS.get(recorded.model)
        if rules is None:
            raise Refusal(5007, 400, f"No such model {recorded.model} or task")
        recorded.body = await request.body()
        recorded.form, fields = await read_fields(request, rules)
        prompt = fields.get("prompt")
        recorded.prompt = prompt if isinstance(prompt, str) else None
        recorded.parameters = {k: v for k, v in fields.items() if k != "prompt"}
        accepted = check(rules, fields)
        self._pictures += 1
        made = picture(
            rules.encoded,
            accepted.width,
            accepted.height,
            seed=self._pictures if accepted.seed is None else accepted.seed,
            mark=f"{recorded.model}, seed {accepted.seed}, picture {self._pictures}",
        )
        transport = request.scope["extensions"]["transport"]["transport"]
        return Exchange(
            rules=rules,
            accepted=accepted,
            picture=made,
            send=send,
            transport=transport,
            headers=self.reply_headers,
        )

    async def _checked_run(
        self, request: Request, send: Send, recorded: RecordedRequest
    ) -> Exchange:
        recorded.form, recorded.body = "run", await request.body()
        run = read_run(recorded.body)
        if self.usage is not None:
            run = replace(run, rules=replace(run.rules, usage=self.usage))
        recorded.model, recorded.prompt = run.model, run.prompt
        recorded.parameters = {k: v for k, v in run.given.items() if k != run.rules.prompt}
        self._pictures += 1
        data, media_type = generated(run, self._pictures)
        kind = self.answer_as or run.rules.answer
        if kind == "address":
            self._files[str(self._pictures)] = (data, media_type)
            image = f"{self.origin}/files/{self._pictures}?X-Amz-Expires=86400"
        else:
            image = inlined(replace(run, rules=replace(run.rules, answer=kind)), data, media_type)
        reply = success(None)
        reply = replace(reply, body=json.dumps(envelope(run, image)).encode())
        transport = request.scope["extensions"]["transport"]["transport"]
        return Exchange(
            rules=None,
            accepted=None,
            picture=data,
            send=send,
            transport=transport,
            reply=reply,
            headers=self.reply_headers,
        )

    def _check_caller(self, request: Request, account: str) -> None:
        is_gateway = _GATEWAY.fullmatch(request.url.path) is not None
        if is_gateway and self.gateway_token is not None:
            if request.headers.get("cf-aig-authorization") != f"Bearer {self.gateway_token}":
                raise Refusal(2009, 401, "Unauthorized")
        elif "cf-aig-authorization" in request.headers:
            raise Refusal(2009, 401, "This address requires no token of a gateway")
        given = request.headers.get("authorization")
        if given is None:
            raise Refusal(10000, 401, "Authentication error")
        if given != f"Bearer {self.token}" or account != self.account_id:
            raise Refusal(10000, 403, "Authentication error")

    def _due(self, prompt: str) -> Behaviour | None:
        if found := _MAGIC.search(prompt):
            return NAMED[found["name"]]
        return self._next.popleft() if self._next else self.always


def _recorded(request: Request, model: str) -> RecordedRequest:
    return RecordedRequest(
        model=model,
        at=time.monotonic(),
        headers={k: v for k, v in request.headers.items() if k not in _TOKEN_HEADERS},
        path=request.url.path,
        connection=f"{request.scope['client'][0]}:{request.scope['client'][1]}",
    )


async def _until_gone(behaviour: Behaviour, exchange: Exchange, receive: Receive) -> None:
    """Behave until that is done or the caller has gone away."""

    async def gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    behaving = asyncio.ensure_future(behaviour(exchange))
    leaving = asyncio.ensure_future(gone())
    try:
        await asyncio.wait({behaving, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if behaving.done():
            behaving.result()
    finally:
        behaving.cancel()
        leaving.cancel()
        await asyncio.gather(behaving, leaving, return_exceptions=True)


def _response(reply: Reply) -> Response:
    return Response(
        reply.body, reply.status, media_type=reply.content_type, headers=dict(reply.headers)
    )


def _described(recorded: RecordedRequest) -> dict[str, object]:
    return {
        "model": recorded.model,
        "at": recorded.at,
        "in_flight": recorded.in_flight,
        "form": recorded.form,
        "prompt": recorded.prompt,
        "parameters": {
            name: f"{len(value)} bytes" if isinstance(value, bytes) else value
            for name, value in recorded.parameters.items()
        },
        "refusal": recorded.refusal and recorded.refusal.code,
    }
