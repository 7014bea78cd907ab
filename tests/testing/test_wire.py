"""Bodies and forms, as the server reads them."""

from __future__ import annotations

import json

import pytest
from openai import OpenAI

from llm_memo.testing import ModelServer
from testing.asking import post


def test_transcription_depends_on_the_file(client: OpenAI, server: ModelServer) -> None:
    """Other bytes are heard as other words; the log has the file as it was sent."""
    recording = bytes(range(256)) * 3 + b"\r\n--x\n\r"
    texts = {
        client.audio.transcriptions.create(model="whisper-1", file=("a.wav", file)).text
        for file in (recording, recording, b"other")
    }

    assert 2 == len(texts)
    assert {"model": "whisper-1", "file": recording} == server.log[0].body


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff"])
def test_malformed_body_is_400(server: ModelServer, body: bytes) -> None:
    """What is not a JSON object is a bad request."""
    error = json.loads(post(server, "/chat/completions", body))["error"]

    assert "invalid_request_error" == error["type"]
    assert 0 == server.requests
