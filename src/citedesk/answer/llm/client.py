"""Speak to an OpenAI-compatible server, trusting it in nothing: not its speed, size, form, or where it points.

One thread runs the calls, so that one deadline bounds a call from looking up the name to the last byte, however slowly
the bytes come. Redirects are not followed, proxies of the environment not used, compressed replies not taken, TLS is
verified. The key is in the request's header and nowhere else. Leaves out what is asked (`prompt.py`).
"""

import asyncio
import json
import random
import threading
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx

from citedesk.errors import ConfigError, ModelError
from citedesk.settings import LlmSettings

# A reply above this is no rephrased answer.
MAX_REPLY_BYTES = 1_000_000
# Seconds to reach the server; a model may think longer, a connection may not.
_CONNECT_SECONDS = 3.0
_TRIES = 3
# Seconds before the second try; doubled before each further one, with jitter from half to the whole.
_BACKOFF_SECONDS = 0.25
# Seconds beyond the deadline after which a caller no longer waits even for the refusal.
_GRACE_SECONDS = 0.5
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_CHANCE = random.SystemRandom().random

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a server is, and the key it wants; the key is not shown when this is printed."""

    base: str
    headers: Mapping[str, str]

    def __repr__(self) -> str:
        return f"Endpoint({self.base!r})"


def endpoint(settings: LlmSettings) -> Endpoint:
    """Check the URL and read the key.

    Raises:
        ConfigError: if the URL is no plain http(s) base, the key file cannot be read, or the key would travel in clear.
    """
    parts = urlsplit(settings.url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ConfigError("CITEDESK_LLM_URL must be a base such as https://host/v1; give http or https and a host")
    if parts.username is not None or parts.password is not None:
        raise ConfigError("CITEDESK_LLM_URL must not hold a user or password; put the key into CITEDESK_LLM_KEY_FILE")
    base = settings.url.rstrip("/") + ("" if parts.path.strip("/") else "/v1")
    if settings.key_file is None:
        return Endpoint(base, {})
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise ConfigError("a key over http to another host can be read on the way; give CITEDESK_LLM_URL with https")
    return Endpoint(base, {"Authorization": f"Bearer {_key(settings)}"})


def _key(settings: LlmSettings) -> str:
    try:
        key = settings.key_file.read_text(encoding="ascii").strip() if settings.key_file else ""
    except (OSError, UnicodeError) as error:
        raise ConfigError(f"CITEDESK_LLM_KEY_FILE {settings.key_file} is not a readable text file; mend it") from error
    if not key or not key.isprintable() or " " in key:
        raise ConfigError(f"CITEDESK_LLM_KEY_FILE {settings.key_file} must hold one key on one line; mend it")
    return key


class Client:
    """One server. Safe between threads; the first call starts a thread, `close` ends it."""

    def __init__(self, settings: LlmSettings, jitter: Callable[[], float] = _CHANCE) -> None:
        self._endpoint = endpoint(settings)
        self._jitter = jitter
        self._proxy = settings.proxy or None
        self._lock = threading.Lock()
        self._started: _Started | None = None

    def get(self, path: str, seconds: float) -> Any:
        """Fetch JSON from a path below the base, within so many seconds.

        Raises:
            ModelError: whatever went wrong; its kind is `connection`, `timeout`, `limited`, `server`, `denied`,
                `refused`, `redirect`, `content_type`, `too_large` or `malformed`.
        """
        return self._run("GET", path, None, seconds)

    def post(self, path: str, body: Mapping[str, Any], seconds: float) -> Any:
        """Send JSON to a path below the base, and give back the JSON that comes; as `get`."""
        return self._run("POST", path, body, seconds)

    def close(self) -> None:
        """Close all connections and end the thread."""
        with self._lock:
            started, self._started = self._started, None
        if started:
            _wait(started.http.aclose(), started.loop, _CONNECT_SECONDS)
            started.loop.call_soon_threadsafe(started.loop.stop)
            started.thread.join()
            started.loop.close()

    def _run(self, method: str, path: str, body: Mapping[str, Any] | None, seconds: float) -> Any:
        with self._lock:
            self._started = started = self._started or self._start()
        return _wait(self._tried(started.http, _Request(method, path, body), seconds), started.loop, seconds)

    def _start(self) -> "_Started":
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, name="citedesk-llm", daemon=True)
        thread.start()
        return _Started(loop, thread, _wait(self._opened(), loop, _CONNECT_SECONDS))

    async def _opened(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            headers={**self._endpoint.headers, "Accept": "application/json", "Accept-Encoding": "identity"},
            follow_redirects=False,
            trust_env=False,
            proxy=self._proxy,
        )

    async def _tried(self, http: httpx.AsyncClient, request: "_Request", seconds: float) -> Any:
        clock = asyncio.get_running_loop().time
        deadline = clock() + seconds
        try:
            async with asyncio.timeout_at(deadline):
                for tries in range(1, _TRIES + 1):
                    try:
                        return await self._once(http, request, seconds)
                    except _PassingError as error:
                        wait = error.after or _BACKOFF_SECONDS * 2 ** (tries - 1) * (1 + self._jitter()) / 2
                        if tries == _TRIES or clock() + wait >= deadline:
                            raise ModelError(error.kind) from None
                        await asyncio.sleep(wait)
        except TimeoutError:
            raise ModelError("timeout") from None
        raise ModelError("connection")

    async def _once(self, http: httpx.AsyncClient, request: "_Request", seconds: float) -> Any:
        timeout = httpx.Timeout(seconds, connect=min(seconds, _CONNECT_SECONDS))
        url = f"{self._endpoint.base}/{request.path}"
        try:
            async with http.stream(request.method, url, json=request.body, timeout=timeout) as response:
                _check(response)
                return _parsed(await _read(response))
        except httpx.TimeoutException:
            raise ModelError("timeout") from None
        except (httpx.HTTPError, httpx.InvalidURL):
            # The library's own message may quote the request; the kind says enough.
            raise _PassingError("connection") from None


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    path: str
    body: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class _Started:
    loop: asyncio.AbstractEventLoop
    thread: threading.Thread
    http: httpx.AsyncClient


def _wait(work: Coroutine[Any, Any, T], loop: asyncio.AbstractEventLoop, seconds: float) -> T:
    """Wait for work in the loop's thread, a little longer than it may take."""
    future = asyncio.run_coroutine_threadsafe(work, loop)
    try:
        return future.result(seconds + _GRACE_SECONDS)
    except TimeoutError:
        future.cancel()
        raise ModelError("timeout") from None


class _PassingError(Exception):
    """A failure that another try may mend; `after` seconds, if the server said when."""

    def __init__(self, kind: str, after: float = 0.0) -> None:
        super().__init__(kind)
        self.kind, self.after = kind, after


def _check(response: httpx.Response) -> None:
    status = response.status_code
    if status == 429 or status >= 500:
        raise _PassingError("limited" if status == 429 else "server", _retry_after(response))
    if status != 200:
        kinds = {401: "denied", 403: "denied"}
        raise ModelError(kinds.get(status, "redirect" if 300 <= status < 400 else "refused"))
    if response.headers.get("Content-Type", "").split(";")[0].strip().lower() != "application/json":
        raise ModelError("content_type")
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise ModelError("content_type")


def _retry_after(response: httpx.Response) -> float:
    """Read the seconds a server asks to wait; a date, which few send, counts as nothing said."""
    value = response.headers.get("Retry-After", "")
    return float(value) if value.isascii() and value.isdecimal() and len(value) <= 6 else 0.0


async def _read(response: httpx.Response) -> bytes:
    parts, size = [], 0
    async for part in response.aiter_raw():
        parts.append(part)
        size += len(part)
        if size > MAX_REPLY_BYTES:
            raise ModelError("too_large")
    return b"".join(parts)


def _parsed(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise ModelError("malformed") from None
