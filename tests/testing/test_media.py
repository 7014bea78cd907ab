"""Embeddings, moderations, images, audio and the list of models, asked by the real client."""

from __future__ import annotations

import base64
import math
import zlib
from typing import Any

import pytest
from openai import OpenAI
from openai.types import CreateEmbeddingResponse, ImagesResponse, Model, ModerationCreateResponse
from openai.types.audio import Transcription, TranscriptionVerbose

from llm_memo.testing import ModelServer
from testing.asking import exact, frames, post


@pytest.mark.parametrize("dimensions", [None, 8])
def test_embeddings_are_unit_vectors(client: OpenAI, dimensions: int | None) -> None:
    """Each input has a vector of length 1 that depends on its text and is the same in both encodings."""
    given: Any = {"model": "text-embedding-3-small", "input": ["tide", "moon", "tide"]}
    given |= {"dimensions": dimensions} if dimensions else {}
    tide, moon, again = (each.embedding for each in client.embeddings.create(**given).data)
    floats = client.embeddings.create(**given, encoding_format="float").data[0].embedding

    assert dimensions or 1536 == len(tide)
    assert math.isclose(1, math.hypot(*tide), rel_tol=1e-6)
    assert tide == again == floats != moon


@pytest.mark.parametrize(("given", "used"), [("two words", 2), (["one", "two words"], 3), ([1, 2, 3, 4], 4)])
def test_embedding_body_is_exact(server: ModelServer, given: Any, used: int) -> None:
    """The body is exactly the SDK's type and counts words, or the tokens given."""
    body = post(server, "/embeddings", {"model": "text-embedding-3-small", "input": given})

    assert used == exact(CreateEmbeddingResponse, body).usage.prompt_tokens


@pytest.mark.parametrize(
    ("given", "flagged"),
    [
        ("a calm day", [False]),
        (["a calm day", "pure violence"], [False, True]),
        ([{"type": "text", "text": "violence"}], [True]),
    ],
)
def test_moderation_flags_what_the_text_names(server: ModelServer, given: Any, flagged: list[bool]) -> None:
    """The body is exactly the SDK's type; naming a category flags it."""
    results = exact(ModerationCreateResponse, post(server, "/moderations", {"input": given})).results

    assert flagged == [result.flagged for result in results]
    assert flagged == [result.categories.violence for result in results]


def test_images_are_png(server: ModelServer) -> None:
    """The body is exactly the SDK's type; each of `n` pictures is another valid PNG of 8 by 8 pixels."""
    body = post(server, "/images/generations", {"prompt": "a lighthouse", "n": 2})
    pictures = [base64.b64decode(image.b64_json) for image in exact(ImagesResponse, body).data]
    sizes = [picture[16:24] for picture in pictures]
    lines = [zlib.decompress(picture[picture.index(b"IDAT") + 4 :][:-12]) for picture in pictures]

    assert [b"\0\0\0\x08\0\0\0\x08"] * 2 == sizes
    assert [8 * (1 + 8 * 3)] * 2 == [len(each) for each in lines]
    assert pictures[0] != pictures[1]


def test_transcription_comes_in_the_format_asked(client: OpenAI) -> None:
    """It is a transcription, a verbose one, or plain text."""
    given: Any = {"model": "whisper-1", "file": ("a.wav", b"sound")}
    create = client.audio.transcriptions.create

    assert isinstance(create(**given), Transcription)
    assert isinstance(create(**given, response_format="verbose_json"), TranscriptionVerbose)
    assert isinstance(create(**given, response_format="text"), str)


def test_speech_is_a_sound(client: OpenAI) -> None:
    """Speech is a WAV file that depends on the text."""
    sounds = [client.audio.speech.create(model="tts-1", voice="alloy", input=say) for say in ("one", "two")]

    assert 800 == frames(sounds[0].content)
    assert sounds[0].content != sounds[1].content


def test_models_are_listed(client: OpenAI, server: ModelServer) -> None:
    """The list holds models, and asking for it is no model request."""
    listed = list(client.models.list())

    assert "gpt-5.2" in [model.id for model in listed]
    assert [Model] * len(listed) == [type(model) for model in listed]
    assert 0 == server.requests
