"""A service that answers as OpenAI's chat completions do, over real HTTP: well, badly, late, not at all."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

from starlette.testclient import TestClient

from toolboxai.server.content.agents.answers import Answers
from toolboxai.server.content.agents.tasks import TASK, Task
from toolboxai.server.content.subjects import SUBJECTS

MODEL = "school-model"
# In the key, in what the model says and in its complaints; nowhere else.
CANARY = "canary"
KEY = f"sk-{CANARY}-key"
INPUT_TOKENS, OUTPUT_TOKENS = 120, 80
MAX_HANG_SECONDS = 20
# What a teacher orders of it.
ASKED = {"subject": "science", "grade": 5, "objective": "food-chains", "seed": 7, "questions": 3}

Answer = Callable[[Task], dict[str, Any]]


class FakeLlm:
    """Answers each task as a good model would, unless a test says otherwise."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[dict[str, Any]] = []
        self.steps: list[str] = []
        # By step; else what the curriculum's engine would say.
        self.says: dict[str, Answer] = {}
        # What to answer to the next requests instead of any of it: a status, or bytes as a body.
        self.next: list[int | bytes] = []
        self.always: int | bytes | None = None
        self.headers: dict[str, str] = {}
        self.hangs = False
        self.released = Event()
        self._answers = Answers(SUBJECTS)

    def answer_to(self, task: Task) -> dict[str, Any]:
        """Return what the model says to ``task``."""
        if task.step in self.says:
            return self.says[task.step](task)
        return self.good(task)

    def good(self, task: Task) -> dict[str, Any]:
        """Return what a good model says to ``task``."""
        return self._answers.to(task).model_dump(mode="json")


def _handler_for(model: FakeLlm) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            model.asked.append({**asked, "authorization": self.headers["Authorization"]})
            if model.hangs:
                model.released.wait(MAX_HANG_SECONDS)
            instead = model.next.pop(0) if model.next else model.always
            if isinstance(instead, bytes):
                self._send(200, instead)
            elif instead is not None:
                complaint = {"message": f"{CANARY}: {asked['messages']}", "type": "x", "code": "y"}
                self._send(instead, json.dumps({"error": complaint}).encode())
            else:
                self._answer(asked)

        def _answer(self, asked: dict[str, Any]) -> None:
            prompt = next(one for one in asked["messages"] if one["role"] == "user")
            task = TASK.validate_json(prompt["content"])
            model.steps.append(task.step)
            said = json.dumps(model.answer_to(task))
            (tool,) = asked["tools"]
            function = {"name": tool["function"]["name"], "arguments": said}
            call = {"id": "call_1", "type": "function", "function": function}
            message = {"role": "assistant", "content": None, "tool_calls": [call]}
            self._send(200, json.dumps(_completion(message)).encode())

        def _send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **model.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Connection", "close")
            with suppress(ConnectionError):  # who asked has given up
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            pass

    return Handler


def _completion(message: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": MODEL,
        "choices": [{"index": 0, "finish_reason": "tool_calls", "message": message}],
        "usage": {
            "prompt_tokens": INPUT_TOKENS,
            "completion_tokens": OUTPUT_TOKENS,
            "total_tokens": INPUT_TOKENS + OUTPUT_TOKENS,
        },
    }


@contextmanager
def running_llm() -> Iterator[FakeLlm]:
    """Serve on a free port of 127.0.0.1."""
    model = FakeLlm()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_for(model))
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    model.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield model
    finally:
        model.released.set()
        server.shutdown()
        server.server_close()
        thread.join()


def changed(
    llm: FakeLlm, change: Callable[[dict[str, Any]], None]
) -> Callable[[Task], dict[str, Any]]:
    """Return what says what a good model says, with a ``change``."""

    def say(task: Task) -> dict[str, Any]:
        said = llm.good(task)
        change(said)
        return said

    return say


def object_to_it(verdict: dict[str, Any]) -> None:
    """Object to what a good model wrote."""
    verdict["objections"] = ["The second question is unclear."]


def counted(teacher: TestClient, name: str) -> dict[str, float]:
    """Return the samples of a metric by their only label."""
    samples = teacher.get("/metrics", headers={"accept": "application/json"}).json()["samples"]
    return {
        "".join(sample["labels"].values()): sample["value"]
        for sample in samples
        if sample["name"] == name
    }
