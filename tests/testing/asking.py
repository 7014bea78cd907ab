"""The model server of `llm_memo.testing`, asked over real HTTP: what its tests share."""

from __future__ import annotations

import functools
import http.client
import io
import json
import time
import wave
from collections.abc import Callable, Iterator
from datetime import date
from typing import Annotated, Any, Literal

from openai.types.chat import ChatCompletion
from openai.types.responses import Response
from pydantic import BaseModel, Field, TypeAdapter

from llm_memo.testing import ModelServer

QUESTION: Any = [{"role": "user", "content": "Why is the sky blue?"}]
REQUEST: Any = {"model": "gpt-5.2", "messages": QUESTION}
BRIEFED: Any = {
    "model": "gpt-5.2",
    "instructions": "You are terse.",
    "input": "Why is the sky blue?",
}
WEATHER = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 1, "maximum": 7}},
    "required": ["city", "days"],
    "additionalProperties": False,
}


class Landmark(BaseModel):
    """A model with what structured output has to fill."""

    name: str
    height: Annotated[float, Field(gt=100, lt=900)]
    kind: Literal["tower", "bridge"]
    built: date | None
    nicknames: list[str]


def address(server: ModelServer) -> tuple[str, int]:
    """Host and port."""
    host, port = server.base_url.removeprefix("http://").removesuffix("/v1").split(":")
    return host, int(port)


def post(server: ModelServer, path: str, body: Any) -> bytes:
    """The body that the server answers with, as sent."""
    connection = http.client.HTTPConnection(*address(server))
    try:
        connection.request("POST", f"/v1{path}", body if isinstance(body, bytes) else json.dumps(body))
        return connection.getresponse().read()
    finally:
        connection.close()


def events(server: ModelServer, path: str, body: Any) -> list[dict[str, Any]]:
    """The JSON bodies of the events that the server streams."""
    lines = post(server, path, {**body, "stream": True}).decode().splitlines()
    data = [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
    return [json.loads(each) for each in data if each != "[DONE]"]


@functools.cache
def adapter(kind: Any) -> TypeAdapter[Any]:
    """What validates a type of the SDK."""
    return TypeAdapter(kind)


KNOWS_ALL = "completed_at" in Response.model_fields
"""Whether the SDK is as new as the fields that the server sends; an older one takes them, and does not know them."""


def exact(kind: Any, body: Any) -> Any:
    """`body` as the SDK's type, strictly, with no field that the type does not have."""
    content = body if isinstance(body, bytes) else json.dumps(body)
    value = adapter(kind).validate_json(content, strict=True)
    assert [] == list(unknown(value)) or not KNOWS_ALL
    return value


def unknown(value: Any) -> Iterator[str]:
    """The names of fields that a model and the models in it do not declare."""
    if isinstance(value, BaseModel):
        yield from value.model_extra or {}
        yield from unknown(list(vars(value).values()))
    elif isinstance(value, list):
        for each in value:
            yield from unknown(each)


def text(completion: ChatCompletion) -> str:
    """What the first choice says."""
    content = completion.choices[0].message.content
    assert content is not None
    return content


def eventually(condition: Callable[[], bool]) -> bool:
    """Whether `condition` comes true, given ample time."""
    patience = time.monotonic() + 30
    while not condition() and time.monotonic() < patience:
        time.sleep(0.001)
    return condition()


def frames(sound: bytes) -> int:
    """How many samples a WAV file has."""
    with wave.open(io.BytesIO(sound)) as file:
        count: int = file.getnframes()
    return count
