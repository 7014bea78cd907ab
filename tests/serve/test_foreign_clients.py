"""Clients of other people, unmodified, with another address: npm's and PyPI's, installed as their users do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from speaking import eventually

from llm_memo.serve import CacheServer
from llm_memo.serve.log import Record
from llm_memo.testing import ModelServer


def run(*command: str | Path, folder: Path, **environment: str) -> list[str]:
    """What a program prints, by lines."""
    both = os.environ | environment
    done = subprocess.run(command, cwd=folder, env=both, capture_output=True, text=True, timeout=280)
    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which Node finds both clients."""
    folder = tmp_path_factory.mktemp("node")
    for program in ("node", "npm"):
        assert shutil.which(program), f"{program} is not installed"
    run("npm", "install", "--silent", "--no-audit", "--no-fund", "openai@6", "openpipe@1", folder=folder)
    return folder


@pytest.mark.node
def test_openai_of_npm(proxy: CacheServer, node: Path) -> None:
    """The second call is free; policies by header and in the body, streams, a bad value."""
    (node / "openai.mjs").write_text(OPENAI_IN_NODE)
    expected = ["miss", "hit", "bypass", "hit", "miss hit", "true", "BadRequestError"]
    assert expected == run("node", "openai.mjs", proxy.base_url, folder=node)


OPENAI_IN_NODE = """
import OpenAI from "openai";
const client = new OpenAI({baseURL: process.argv[2], apiKey: "sk-node", maxRetries: 0});
const body = {model: "gpt-5.2", messages: [{role: "user", content: "node"}]};
const ask = async (more, options) => {
  const {response} = await client.chat.completions.create({...body, ...more}, options).withResponse();
  return response.headers.get("x-llm-memo");
};
console.log(await ask());
console.log(await ask());
console.log(await ask({}, {headers: {"op-cache": "off"}}));
console.log(await ask({openpipe: {cache: "readOnly"}}));
const streams = [], outcomes = [];
for (let i = 0; i < 2; i++) {
  const {data, response} = await client.chat.completions.create({...body, stream: true}).withResponse();
  let text = "";
  for await (const chunk of data) text += chunk.choices[0]?.delta?.content ?? "";
  streams.push(text);
  outcomes.push(response.headers.get("x-llm-memo"));
}
console.log(outcomes.join(" "));
console.log(streams[0] === streams[1] && streams[0].length > 0);
try { await ask({}, {headers: {"op-cache": "sometimes"}}); } catch (error) { console.log(error.constructor.name); }
"""

OUTCOMES = ["miss", "hit", "miss", "hit", "bypass", "refresh", "hit", "miss", "hit", "refused"]
"""Of a question twice without a policy, twice with readWrite, off, writeOnly, readOnly, a stream twice, a bad value."""


def of_questions(records: list[Record]) -> list[str]:
    """What became of them, in no order: the proxy notes a stream's end when its client may be asking again already.

    OpenPipe's clients also report to their service, which passes and is no question.
    """

    def found() -> list[str]:
        return sorted(record.outcome for record in records if record.path == "/chat/completions")

    eventually(lambda: len(found()) == len(OUTCOMES))
    return found()


@pytest.mark.node
def test_openpipe_of_npm(proxy: CacheServer, node: Path, records: list[Record], model: ModelServer) -> None:
    """OpenPipe's own client with ``baseUrl``: the policy as its users write it, free the second time."""
    (node / "openpipe.mjs").write_text(OPENPIPE_IN_NODE)
    assert ["true", "BadRequestError"] == run("node", "openpipe.mjs", proxy.base_url, folder=node)
    assert sorted(OUTCOMES) == of_questions(records)
    assert 5 == model.requests
    assert all("op-cache" not in request.headers and "openpipe" not in request.body for request in model.log)


OPENPIPE_IN_NODE = """
import OpenAI from "openpipe/openai";
const baseUrl = process.argv[2];
const client = new OpenAI({baseURL: baseUrl, apiKey: "sk-op", maxRetries: 0, openpipe: {apiKey: "sk-op", baseUrl}});
const ask = (content, openpipe, more) =>
  client.chat.completions.create({model: "gpt-5.2", messages: [{role: "user", content}], ...openpipe, ...more});
const cache = (cache) => ({openpipe: {cache, logRequest: false}});
await ask("npm, plain");
await ask("npm, plain");
for (const policy of ["readWrite", "readWrite", "off", "writeOnly", "readOnly"]) await ask("npm", cache(policy));
const streams = [];
for (let i = 0; i < 2; i++) {
  let text = "";
  for await (const chunk of await ask("npm", cache("readWrite"), {stream: true}))
    text += chunk.choices[0]?.delta?.content ?? "";
  streams.push(text);
}
console.log(streams[0] === streams[1] && streams[0].length > 0);
try { await ask("npm", cache("sometimes")); } catch (error) { console.log(error.constructor.name); }
"""


@pytest.mark.node  # like these it needs a registry, since it does not go together with the openai that we test
def test_openpipe_of_pypi(proxy: CacheServer, tmp_path: Path, records: list[Record], model: ModelServer) -> None:
    """The same in Python, where nothing but ``OPENPIPE_BASE_URL`` and ``OPENAI_BASE_URL`` say where it asks."""
    pip = (sys.executable, "-m", "pip", "install", "-q", "--no-compile", "--no-warn-conflicts")
    run(*pip, "--target", "packages", "openpipe==5.0.0", folder=tmp_path)
    (tmp_path / "ask.py").write_text(OPENPIPE_IN_PYTHON)
    addresses = {"OPENPIPE_BASE_URL": proxy.base_url, "OPENAI_BASE_URL": proxy.base_url}
    keys = {"OPENPIPE_API_KEY": "sk-op", "OPENAI_API_KEY": "sk-op"}
    printed = run(sys.executable, "ask.py", folder=tmp_path, PYTHONPATH="packages", **addresses, **keys)
    assert ["True", "BadRequestError"] == printed[-2:]
    assert sorted(OUTCOMES) == of_questions(records)
    assert 5 == model.requests
    assert all("op-cache" not in request.headers and "openpipe" not in request.body for request in model.log)


OPENPIPE_IN_PYTHON = """
from openpipe import OpenAI

client = OpenAI(max_retries=0)

def ask(content, **more):
    return client.chat.completions.create(
        model="gpt-5.2", messages=[{"role": "user", "content": content}], **more
    )

def cache(policy):
    return {"openpipe": {"cache": policy, "log_request": False}}

ask("pypi, plain")
ask("pypi, plain")
for policy in ("readWrite", "readWrite", "off", "writeOnly", "readOnly"):
    ask("pypi", **cache(policy))
streams = []
for _ in range(2):
    chunks = ask("pypi", stream=True, **cache("readWrite"))
    streams.append("".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices))
print(streams[0] == streams[1] != "")
try:
    ask("pypi", **cache("sometimes"))
except Exception as error:
    print(type(error).__name__)
"""
