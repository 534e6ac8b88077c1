"""A scripted model behind the OpenAI interface, on loopback: for tests, and to try out what happens without a model.

It understands the prompts of `prompt.py` only and plays the roles of `roles.py`. Same role, seed and requests in the
same order, same replies.
"""

import json
import random
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from citedesk.answer.llm.roles import ROLES, Quotes, Said

MODEL = "scripted"
_QUOTE = re.compile(r"\[(c[0-9a-f]{1,8})\] (.+)")
# What a broken server does, one after the other.
FAULTS = (
    "not json", "truncated", "status 500", "status 429", "content type", "huge", "empty", "closed", "redirect",
    "no choices", "deep", "not a schema", "compressed",
)  # fmt: skip
_HUGE_BYTES = 3_000_000
_DRIP_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Script:
    """How the server behaves.

    role: one of ROLES. schema, seed: whether it takes them in a request. key: the key it wants. listed: whether it
    lists models. faults: what `broken` does in turn. delay: seconds `slow` takes. retry_after: of its status 429.
    """

    role: str = "honest"
    random_state: int = 0
    schema: bool = True
    seed: bool = True
    key: str = ""
    listed: bool = True
    faults: Sequence[str] = FAULTS
    delay: float = 5.0
    retry_after: str = "1"


@dataclass(slots=True)
class ScriptedModel:
    """A running server: its address, what it was asked, and what it said. `script` may be changed while it runs."""

    url: str
    script: Script
    said: list[Said] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    ending: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def reply(self, body: Mapping[str, Any]) -> tuple[str, int]:
        """Say something to a request; give the content, and how many requests there were."""
        with self.lock:
            self.requests.append(dict(body))
            count = len(self.requests)
        ticket, quotes = _read(str(body["messages"][-1]["content"]))
        chance = random.Random(f"{self.script.random_state} {count}")  # noqa: S311  a script, no secret
        said = ROLES[self.script.role](ticket, quotes, chance) if quotes else []
        with self.lock:
            self.said += said
        if body.get("response_format"):
            entries = [{"text": each.text, "citations": list(each.tokens)} for each in said]
            return json.dumps({"sentences": entries}, ensure_ascii=False), count
        if not quotes:
            return '{"sentences": []}', count
        return "\n".join(each.text + "".join(f" [{token}]" for token in each.tokens) for each in said), count


def _read(content: str) -> tuple[str, Quotes]:
    """Find ticket and quotes in a prompt."""
    lines = content.splitlines()
    ticket = json.loads(lines[1]) if len(lines) > 1 and lines[0].endswith(" ticket") else ""
    found = (_QUOTE.fullmatch(line) for line in lines)
    return ticket, [(each[1], json.loads(each[2])) for each in found if each]


@contextmanager
def scripted_model(script: Script | None = None, port: int = 0) -> Iterator[ScriptedModel]:
    """Run a scripted model on a free port of the loopback interface, or on the one given."""
    script = script or Script()
    server = _Server(("127.0.0.1", port), _Handler)
    server.model = ScriptedModel(f"http://127.0.0.1:{server.server_address[1]}/v1", script)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.model
    finally:
        server.model.ending.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    model: ScriptedModel

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients hang up on slow and broken servers, as they should."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: object) -> None:
        """Keep requests out of standard error."""

    def parse_request(self) -> bool:
        """Read a request's head; a connection kept alive ends with the server."""
        if self.server.model.ending.is_set():
            self.close_connection = True
            return False
        return super().parse_request()

    def do_GET(self) -> None:
        """List the one model."""
        script = self.server.model.script
        if not self._allowed():
            self._send({"error": {"message": "bad key"}}, 401)
        elif self.path == "/v1/models" and script.listed:
            self._send({"object": "list", "data": [{"id": MODEL, "object": "model", "max_model_len": 16384}]})
        else:
            self._send({"error": {"message": "not found"}}, 404)

    def do_POST(self) -> None:
        """Complete a chat."""
        model = self.server.model
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self._allowed():
            self._send({"error": {"message": "bad key"}}, 401)
            return
        if ("response_format" in body and not model.script.schema) or ("seed" in body and not model.script.seed):
            self._send({"error": {"message": "unknown parameter"}}, 400)
            return
        content, count = model.reply(body)
        usage = {"prompt_tokens": len(str(body["messages"])) // 4, "completion_tokens": len(content) // 4}
        message = {"role": "assistant", "content": content}
        reply = {"id": f"chat-{count}", "model": MODEL, "choices": [{"index": 0, "message": message}], "usage": usage}
        asked = len(body["messages"]) > 1
        if model.script.role == "broken" and asked:
            self._break(model.script.faults[count % len(model.script.faults)], reply)
        elif model.script.role == "slow" and asked:
            self._drip(json.dumps(reply).encode())
        else:
            self._send(reply)

    def _allowed(self) -> bool:
        key = self.server.model.script.key
        return not key or self.headers.get("Authorization") == f"Bearer {key}"

    def _send(self, value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        self._bytes(json.dumps(value).encode(), status, headers)

    def _bytes(self, data: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": str(len(data)),
            **(headers or {}),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def _drip(self, data: bytes) -> None:
        """Send byte by byte, so that no single read ever waits long."""
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        pauses = max(1, int(self.server.model.script.delay / _DRIP_SECONDS))
        step = max(1, len(data) // pauses)
        for at in range(0, len(data), step):
            if self.server.model.ending.wait(_DRIP_SECONDS):
                break
            self.wfile.write(data[at : at + step])

    def _break(self, fault: str, reply: dict[str, Any]) -> None:
        self.close_connection = True
        whole = json.dumps(reply).encode()
        retry = {"Retry-After": self.server.model.script.retry_after}
        faults: dict[str, tuple[bytes, int, dict[str, str]]] = {
            "not json": (b'{"choices": [', 200, {}),
            "truncated": (whole[:40], 200, {"Content-Length": str(len(whole))}),
            "status 500": (b"{}", 500, {}),
            "status 429": (b"{}", 429, retry),
            "content type": (b"<html>hello</html>", 200, {"Content-Type": "text/html"}),
            "huge": (b'"' + b"x" * _HUGE_BYTES + b'"', 200, {}),
            "empty": (b"", 200, {}),
            "redirect": (b"", 302, {"Location": "http://127.0.0.2:9/v1/chat/completions"}),
            "no choices": (b'{"choices": []}', 200, {}),
            "deep": (b"[" * 100_000, 200, {}),
            "not a schema": (
                json.dumps({**reply, "choices": [{"message": {"content": '{"a": 1}'}}]}).encode(),
                200,
                {},
            ),
            "compressed": (b"\x1f\x8b\x08", 200, {"Content-Encoding": "gzip"}),
        }
        if fault == "closed":
            return
        self._bytes(*faults[fault])
