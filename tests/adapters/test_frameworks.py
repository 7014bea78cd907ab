"""What objects of frameworks hold and never send: requests are the same whatever is there, and so are keys."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hooks import encoded

from llm_memo.adapters.frameworks import NEVER_SENT
from llm_memo.testing import model_server

ANSWERS = {
    "/v2/chat": {"id": "1", "finish_reason": "COMPLETE", "message": {"role": "assistant", "content": []}},
    "/v1/chat/completions": {
        "id": "1", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": '{"a": "hi"}'}}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    },
}  # fmt: skip


class Sent:
    """A server that answers everything, and what it was sent."""

    def __init__(self) -> None:
        self.bodies: list[tuple[str, bytes]] = []
        sent = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                sent.bodies.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
                answer = json.dumps(ANSWERS[self.path]).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def sent() -> Iterator[Sent]:
    server = Sent()
    yield server
    server.close()


def agno(sent: Sent) -> tuple[Callable[..., Any], Callable[[Any], Any]]:
    agent = pytest.importorskip("agno.agent")
    models = pytest.importorskip("agno.models.openai")

    def make(instructions: str = "x", **held: Any) -> Any:
        model = models.OpenAIChat(id="m", base_url=f"{sent.url}/v1", api_key="k")
        return agent.Agent(model=model, instructions=instructions, **{"telemetry": False, **held})

    return make, lambda it: it.run("q")


def cohere(sent: Sent) -> tuple[Callable[..., Any], Callable[[Any], Any]]:
    library = pytest.importorskip("cohere")

    def make(base_url: str = sent.url, _token: str = "k") -> Any:
        return library.ClientV2(api_key=_token, base_url=base_url)

    return make, lambda it: it.chat(model="m", messages=[{"role": "user", "content": "q"}])


def mistral(sent: Sent) -> tuple[Callable[..., Any], Callable[[Any], Any]]:
    library = pytest.importorskip("mistralai.client")

    def make(server_url: str = sent.url, **held: Any) -> Any:
        made = library.Mistral(api_key="k", server_url=server_url)
        for name in held:
            getattr(made, name)
        return made

    return make, lambda it: it.chat.complete(model="m", messages=[{"role": "user", "content": "q"}])


def langchain(kind: str) -> Any:
    def of(sent: Sent) -> tuple[Callable[..., Any], Callable[[Any], Any]]:
        messages = pytest.importorskip("langchain_core.messages")
        library = pytest.importorskip("langchain_openai")
        model = library.ChatOpenAI(model="m", base_url=f"{sent.url}/v1", api_key="k")
        more = {"tool_call_id": "c"} if kind == "ToolMessage" else {}
        calls = [{"name": "t", "args": {}, "id": "c"}] if more else []

        def make(content: str = "x", **held: Any) -> Any:
            return getattr(messages, kind)(content, **more, **held)

        return make, lambda it: model.invoke([messages.AIMessage("", tool_calls=calls), it])

    return of


def changed(value: Any, held: dict[str, Any]) -> Any:
    for name, item in held.items():
        setattr(value, name, item)
    return value


def dspy(part: str) -> Any:
    def of(sent: Sent) -> tuple[Callable[..., Any], Callable[[Any], Any]]:
        library = pytest.importorskip("dspy")

        def make(of: str = "q -> a", **held: Any) -> Any:
            if part == "LM":
                name = of if of != "q -> a" else "openai/m"
                return changed(library.LM(name, api_base=f"{sent.url}/v1", api_key="k", cache=False), held)
            return changed(library.Predict(of if "->" in of else f"q -> {of}"), held)

        def ask(it: Any) -> Any:
            model = it if part == "LM" else library.LM("openai/m", api_base=f"{sent.url}/v1", api_key="k", cache=False)
            with library.context(lm=model):
                return library.Predict("q -> a")(q="1") if part == "LM" else it(q="1")

        return make, ask

    return of


def llama(sent: Sent) -> tuple[Callable[..., Any], Callable[[Any], Any]]:
    library = pytest.importorskip("llama_index.llms.openai")
    core = pytest.importorskip("llama_index.core.llms")

    def make(model: str = "gpt-4o", **held: Any) -> Any:
        made = library.OpenAI(model=model, api_key="k", api_base=f"{sent.url}/v1")
        if held:
            made._get_client()
            made._get_aclient()
        return made

    return make, lambda it: it.chat([core.ChatMessage("q")])


def node(sent: Sent) -> tuple[Callable[..., Any], Callable[[Any], Any]]:
    schema = pytest.importorskip("llama_index.core.schema")
    make_model, _ = llama(sent)

    def make(text: str = "x", **held: Any) -> Any:
        return schema.TextNode(text=text, **held)

    return make, lambda it: make_model().complete(it.get_content(schema.MetadataMode.LLM))


CASES: dict[str, tuple[Any, dict[str, Any], dict[str, Any]]] = {
    "agno.agent.agent.Agent": (agno, {}, {"id": "1", "session_id": "2", "checkpoint": "tool-batch"}),
    "cohere.core.client_wrapper.BaseClientWrapper": (cohere, {}, {"_token": "other"}),
    "dspy.clients.base_lm.BaseLM": (dspy("LM"), {}, {"history": [{"a": 1}]}),
    "dspy.predict.predict.Predict": (dspy("Predict"), {}, {"stage": "1", "traces": [1]}),
    "dspy.primitives.module.Module": (dspy("Predict"), {}, {"history": [{"a": 1}]}),
    "langchain_core.messages.human.HumanMessage": (langchain("HumanMessage"), {}, {"id": "1"}),
    "langchain_core.messages.system.SystemMessage": (langchain("SystemMessage"), {}, {"id": "1"}),
    "langchain_core.messages.tool.ToolMessage": (langchain("ToolMessage"), {}, {"id": "1"}),
    "llama_index.core.schema.BaseNode": (node, {"id_": "0"}, {"id_": "1"}),
    "llama_index.llms.openai.base.OpenAI": (llama, {}, {"_client": 1}),
    "mistralai.client.sdk.Mistral": (mistral, {}, {"chat": 1, "models": 1, "files": 1}),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
@pytest.mark.filterwarnings("ignore")
def test_what_is_never_sent_is_not_part_of_a_key(name: str, sent: Sent) -> None:
    """Two objects that differ in it send the same requests and have the same bytes; another setting is another."""
    library, one, other = CASES[name]
    assert {*other} <= NEVER_SENT[name]
    make, ask = library(sent)
    assert encoded([make(**one)]) == encoded([make(**other)]) != encoded([make("other", **one)])
    requests = []
    for held in (one, other):
        value = make(**held)
        before = encoded([value])
        ask(value)
        assert before == encoded([value])  # its first use changes nothing
        requests.append(sent.bodies)
        sent.bodies = []
    assert requests[0] == requests[1] != []


def test_statistics_of_retries_are_not_part_of_it() -> None:
    """A function that was tried again has the bytes that it had."""
    tenacity = pytest.importorskip("tenacity")

    def ask(x: int) -> int:
        return x

    value = tenacity.retry(stop=tenacity.stop_after_attempt(3))(ask)
    before = encoded(value)
    assert 1 == value(1)
    assert before == encoded(value)
    assert before != encoded(tenacity.retry(stop=tenacity.stop_after_attempt(4))(ask))


def test_the_scope_of_a_cache_of_instructor_is_not_part_of_it() -> None:
    """Two clients that are made alike have the same bytes; another mode is another."""
    instructor = pytest.importorskip("instructor")
    import openai

    clients = [openai.OpenAI(api_key="k", base_url="http://a") for _ in range(3)]
    assert encoded(instructor.from_openai(clients[0])) == encoded(instructor.from_openai(clients[1]))
    assert encoded(instructor.from_openai(clients[0])) != encoded(
        instructor.from_openai(clients[2], mode=instructor.Mode.JSON)
    )


def test_the_handlers_of_instructor_are_not_part_of_it() -> None:
    """They are told what is sent, and a client that was used has the bytes that it had."""
    instructor = pytest.importorskip("instructor")
    import openai
    import pydantic

    sent: list[object] = []
    with model_server() as server, openai.OpenAI(api_key="k", base_url=server.base_url) as inner:
        server.reply = lambda body: sent.append(body) or '{"name": "a"}'  # type: ignore[func-returns-value]
        client = instructor.from_openai(inner, mode=instructor.Mode.JSON)
        kind = pydantic.create_model("City", name=(str, ...))
        before = encoded(client)
        for _ in range(2):
            client.chat.completions.create(
                model="m", messages=[{"role": "user", "content": "a"}], response_model=kind, max_retries=0
            )
            assert before == encoded(client)
            client.on("completion:kwargs", print)
    first, second = sent
    assert first == second
