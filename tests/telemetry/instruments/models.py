"""A server that answers as OpenAI's API does, over real HTTP: well, badly, in pieces."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

# In all that is said and nowhere else: not in the code of tests either, which is shown around frames.
CANARY = "canary"
PROMPT = f"{CANARY}prompt of a pupil"
SYSTEM = f"{CANARY}system prompt of the application"
ARGUMENT = f"{CANARY}argument"
RESULT = f"{CANARY}result of a tool"
DESCRIPTION = f"{CANARY}description of a tool"
ANSWER = f"{CANARY}answer of the model"
REFUSAL = f"{CANARY}refusal quotes the prompt"
USAGE = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
_STATUS = {"broken": 500, "refusing": 400, "busy": 429}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        model = asked["model"]
        if model in _STATUS:
            error = {"message": REFUSAL, "type": "invalid_request_error", "code": "no_luck"}
            self._answer(_STATUS[model], {"error": error})
        elif self.path.endswith("/embeddings"):
            data = [{"object": "embedding", "index": 0, "embedding": [0.5]}]
            usage = {"prompt_tokens": 11, "total_tokens": 11}
            self._answer(200, {"object": "list", "model": model, "data": data, "usage": usage})
        elif self.path.endswith("/responses"):
            self._answer(200, _response(model))
        elif asked.get("stream"):
            self._stream(model)
        elif asked.get("tools") and asked["messages"][-1]["role"] != "tool":
            self._answer(200, _tool_call(model, asked["tools"][0]["function"]["name"]))
        else:
            self._answer(200, _completion(model, {"role": "assistant", "content": ANSWER}))

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        self._send(status, "application/json", json.dumps(body).encode())

    def _stream(self, model: str) -> None:
        pieces = [{"role": "assistant", "content": word + " "} for word in ANSWER.split()]
        chunks = [_chunk(model, [{"index": 0, "delta": piece}]) for piece in pieces]
        chunks.append(_chunk(model, [{"index": 0, "delta": {}, "finish_reason": "stop"}]))
        chunks.append(_chunk(model, []) | {"usage": USAGE})
        lines = [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks] + ["data: [DONE]\n\n"]
        self._send(200, "text/event-stream", "".join(lines).encode())

    def _send(self, status: int, kind: str, body: bytes) -> None:
        # Nobody is left with an open connection, whatever becomes of the client.
        head = f"HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Type: {kind}"
        self.wfile.write(f"{head}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        self.close_connection = True

    def log_message(self, *_args: object) -> None:
        pass


def _completion(model: str, message: dict[str, Any], reason: str = "stop") -> dict[str, Any]:
    choice = {"index": 0, "finish_reason": reason, "message": message}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": f"{model}-2026",
        "choices": [choice],
        "usage": USAGE,
    }


def _tool_call(model: str, name: str) -> dict[str, Any]:
    function = {"name": name, "arguments": json.dumps({"topic": ARGUMENT})}
    call = {"id": "call_1", "type": "function", "function": function}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    return _completion(model, message, "tool_calls")


def _chunk(model: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": f"{model}-2026",
        "choices": choices,
    }


def _response(model: str) -> dict[str, Any]:
    text = {"type": "output_text", "text": ANSWER, "annotations": []}
    message = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [text],
    }
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "status": "completed",
        "model": f"{model}-2026",
        "output": [message],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": 11,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": 7,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 18,
        },
    }


@contextmanager
def running_models() -> Iterator[str]:
    """Serve on a free port of 127.0.0.1; yield the base URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
