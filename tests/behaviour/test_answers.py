"""The main job: the same program, run twice, asks the model once."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from llm_memo.testing import ModelServer

pytestmark = pytest.mark.slow

PROGRAM = '''
    """Asks for every kind of answer, from functions and methods, sync and async; prints what it got."""
    import asyncio, dataclasses, sys
    import numpy, pydantic
    from openai import AsyncOpenAI, OpenAI
    from llm_memo import cached_completion

    url = sys.argv[1]
    client = OpenAI(base_url=url, api_key="sk-CANARY")
    later = AsyncOpenAI(base_url=url, api_key="sk-CANARY")

    class Answer(pydantic.BaseModel):
        title: str
        score: int

    @dataclasses.dataclass
    class Note:
        text: str

    messages = [{"role": "user", "content": "Say it"}]

    def text(client):
        return lambda q: client.responses.create(model="m", input=q)

    ASKS = {
        "ChatCompletion": lambda c: c.chat.completions.create(model="m", messages=messages),
        "Response": lambda c: c.responses.create(model="m", input="q"),
        "ParsedChatCompletion": lambda c: c.chat.completions.parse(
            model="m", messages=messages, response_format=Answer
        ),
        "CreateEmbeddingResponse": lambda c: c.embeddings.create(model="m", input="q"),
    }
    SHAPES = {
        "str": lambda reply: reply.output_text,
        "dict": lambda reply: {"text": reply.output_text, "n": [1, 2.5, None]},
        "dataclass": lambda reply: Note(reply.output_text),
        "array": lambda reply: numpy.arange(4) + len(reply.output_text),
        "None": lambda reply: None,
    }

    class Model:
        def __init__(self, name):
            self.name = name

        @cached_completion
        def ask(self, kind):
            return make(kind)

        @cached_completion
        async def ask_later(self, kind):
            return await make_later(kind)

    def make(kind):
        if kind in ASKS:
            return ASKS[kind](client)
        return SHAPES[kind](client.responses.create(model="m", input="q"))

    async def make_later(kind):
        if kind in ASKS:
            return await ASKS[kind](later)
        return SHAPES[kind](await later.responses.create(model="m", input="q"))

    @cached_completion
    def ask(kind):
        return make(kind)

    @cached_completion
    async def ask_later(kind):
        return await make_later(kind)

    def told(kind, answer):
        if kind == "ParsedChatCompletion":
            assert isinstance(answer.choices[0].message.parsed, Answer)
        kept = answer.model_dump_json(warnings=False) if isinstance(answer, pydantic.BaseModel) else repr(answer)
        print(kind, type(answer).__name__, kept)

    async def main():
        for kind in [*ASKS, *SHAPES]:
            told(kind, await ask_later(kind))
            told(kind, await Model("m").ask_later(kind))
        await later.close()

    for kind in [*ASKS, *SHAPES]:
        told(kind, ask(kind))
        told(kind, Model("m").ask(kind))
    asyncio.run(main())
    client.close()
'''


def test_the_second_run_asks_nothing(run: Callable[..., str], server: ModelServer) -> None:
    """The second run of a program gets equal answers of the same types, and sends no request."""
    first = run(PROGRAM, server.base_url)
    assert 4 * 9 == server.requests == len(first.splitlines())
    assert first == run(PROGRAM, server.base_url)
    assert 4 * 9 == server.requests


SECRETS = """
    import logging, sys
    from openai import OpenAI
    from llm_memo import cached_completion

    logging.basicConfig(level=logging.DEBUG, filename=sys.argv[2])
    logging.getLogger("openai").setLevel(logging.ERROR)
    logging.getLogger("httpcore2").setLevel(logging.ERROR)
    client = OpenAI(base_url=sys.argv[1], api_key="sk-CANARY", default_headers={"X-Token": "sk-CANARY"})
    PASSWORD = "CANARY in a global"

    @cached_completion
    def ask(client, text, *, api_key, options, headers):
        assert PASSWORD
        return client.with_options(api_key=api_key).responses.create(model="m", input=text, extra_headers=headers)

    for text in ("q", "r"):
        ask(
            client,
            text,
            api_key="sk-CANARY",
            options={"nested": {"auth": {"password": "CANARY", "n": 1}, "text": "Bearer CANARY"}},
            headers={"Authorization": "Bearer CANARY", "X-Api-Key": "CANARY"},
        )
    print(ask.explain(client, "new", api_key="sk-CANARY", options={"secret": "CANARY"}, headers={}))
    client.close()
"""


def test_no_secret_reaches_the_disk_or_the_log(
    run: Callable[..., str], server: ModelServer, tmp_path: Path, cache_dir: Path
) -> None:
    """A key in the client, an argument, a nested dict or a header is in no file, log line or explanation."""
    printed = run(SECRETS, server.base_url, str(tmp_path / "debug.log"))
    assert 2 == server.requests
    assert "miss, key" in (tmp_path / "debug.log").read_text()
    found = subprocess.run(["grep", "-ral", "CANARY", str(cache_dir), str(tmp_path / "debug.log")], capture_output=True)
    assert (1, b"") == (found.returncode, found.stdout)
    assert "CANARY" not in printed


def test_files_are_the_users_own(run: Callable[..., str], server: ModelServer, cache_dir: Path) -> None:
    """Folders are 0700, files 0600, and the folder tells git and backups to leave it alone."""
    run(
        """
        import os, sys
        os.umask(0)
        from llm_memo import cached_completion
        @cached_completion
        def ask(text): return text
        ask("q")
        """
    )
    modes = {path.name: path.stat().st_mode & 0o777 for path in [cache_dir, *cache_dir.rglob("*")]}
    assert {0o700, 0o600} == set(modes.values())
    assert "*" in (cache_dir / ".gitignore").read_text().splitlines()
    assert (cache_dir / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55")


def test_an_answer_that_comes_at_the_very_end(run: Callable[..., str]) -> None:
    """A task that is given up when the model has answered keeps its answer, even while the interpreter ends."""
    program = """
        import asyncio
        from llm_memo import cached_completion
        answered = asyncio.Event()
        @cached_completion(version="1")
        async def ask(text):
            print("paid", flush=True)
            answered.set()
            return text
        async def main():
            task = asyncio.create_task(ask("q"))
            waiting = asyncio.create_task(answered.wait())
            await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED)
            task.cancel()
            waiting.cancel()
        asyncio.run(main())
    """
    assert ["paid\n", ""] == [run(program), run(program)]


@pytest.mark.parametrize("shape", ["def", "async def"])
def test_a_large_answer(shape: str, run: Callable[..., str]) -> None:
    """An answer of some megabytes is kept and read, by tasks in a thread."""
    program = f"""
        import asyncio, inspect
        from llm_memo import cached_completion
        @cached_completion
        {shape} ask(n):
            return "x" * n
        def get(answer):
            return asyncio.run(answer) if inspect.isawaitable(answer) else answer
        print(len(get(ask(5_000_000))), ask.cache_info().hits)
    """
    assert "5000000 0\n" == run(program)
    assert "5000000 1\n" == run(program)
