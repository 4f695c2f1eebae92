"""The URLs of models, and the headers that an AI Gateway reads."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

import httpx
import orjson

from gql_server.inference.generator import GenerationRequest
from gql_server.inference.model import RequestForm
from gql_server.settings.settings import GATEWAY_ENDING
from gql_server.telemetry.tracing import trace_headers

_GATEWAY_HOST: Final = "gateway.ai.cloudflare.com"
_API: Final = "https://api.cloudflare.com/client/v4"
_GATEWAY_SEGMENT: Final = -2
_MAX_LABELS: Final = 5
_MAX_LABEL: Final = 256


class Endpoints:
    """Returns the URL and the headers for a call of each model.

    Args:
        base_url: Cloudflare's API, or an AI Gateway's address, which ends in ``/workers-ai``.
        account_id: The Cloudflare account.
        gateway_id: The AI Gateway that calls go through; None: none, or the one of the address.
        logs_payloads: Whether the gateway's log may keep prompts and images.

    Raises:
        ValueError: The base URL cannot be used.
    """

    def __init__(
        self,
        base_url: str,
        account_id: str,
        *,
        gateway_id: str | None = None,
        logs_payloads: bool = True,
    ) -> None:
        base = base_url.rstrip("/")
        try:
            address = httpx.URL(base)
        except httpx.InvalidURL:
            address = httpx.URL()
        if address.scheme not in {"http", "https"} or not address.host or address.query:
            message = "the base URL of Workers AI must be like https://host/path"
            raise ValueError(message)
        self._is_gateway = address.path.endswith(GATEWAY_ENDING)
        self._gateway_id = gateway_id
        if self._is_gateway:
            self._gateway_id = gateway_id or address.path.split("/")[_GATEWAY_SEGMENT]
        self._logs_payloads = logs_payloads
        api = _api_beside(address) if self._is_gateway else base
        self._run_url = f"{api}/accounts/{quote(account_id, safe='')}/ai/run"
        self._own_url = base if self._is_gateway else self._run_url

    def url(self, request: GenerationRequest) -> str:
        """Return the address of a request's model."""
        match request.model.request:
            case RequestForm.RUN:
                return self._run_url
            case RequestForm.MULTIPART:  # an AI Gateway breaks forms
                return f"{self._run_url}/{request.model.id}"
            case RequestForm.JSON:
                return f"{self._own_url}/{request.model.id}"

    def is_at_gateway(self, request: GenerationRequest) -> bool:
        """Return whether a request goes to a gateway's own address, which may need its token."""
        return self._is_gateway and request.model.request is RequestForm.JSON

    def headers(self, request: GenerationRequest) -> Mapping[str, str]:
        """Return the headers that pass on the trace, and those for an AI Gateway, if it has one."""
        model, headers = request.model, trace_headers()
        if self._gateway_id is None or model.request is RequestForm.MULTIPART:
            return headers
        if _skips_cache(request):
            headers["cf-aig-skip-cache"] = "true"
        if not self.is_at_gateway(request):
            headers["cf-aig-gateway-id"] = self._gateway_id
        if not self._logs_payloads:
            headers["cf-aig-collect-log-payload"] = "false"
        if request.labels:
            labels = dict(list(request.labels.items())[:_MAX_LABELS])
            headers["cf-aig-metadata"] = _ascii_json(labels)
        return headers


def _api_beside(gateway: httpx.URL) -> str:
    """Return the address of the API for the models that a gateway's address does not serve."""
    if gateway.host == _GATEWAY_HOST:
        return _API
    return f"{gateway.scheme}://{gateway.netloc.decode('ascii')}/client/v4"


def _skips_cache(request: GenerationRequest) -> bool:
    # A cached answer may also hold an address that has expired.
    is_repeatable = request.seed_was_given and request.parameters.seed is not None
    return not is_repeatable or request.model.request is RequestForm.RUN


def _ascii_json(labels: Mapping[str, str]) -> str:
    text = orjson.dumps({name: value[:_MAX_LABEL] for name, value in labels.items()}).decode()
    return "".join(
        letter if letter.isascii() else "".join(f"\\u{unit:04x}" for unit in _utf16(letter))
        for letter in text
    )


def _utf16(letter: str) -> list[int]:
    data = letter.encode("utf-16-be")
    return [int.from_bytes(data[at : at + 2]) for at in range(0, len(data), 2)]
