"""The other APIs: embeddings, moderations, images, audio and the list of models."""

import base64
import hashlib
import io
import json
import math
import struct
import time
import wave
import zlib
from secrets import token_hex
from typing import Any

from llm_memo.testing.answer import Body, Script, seeded
from llm_memo.testing.prose import compose, tokens

_MODELS = ("gpt-5.2", "gpt-5.2-mini", "text-embedding-3-small", "omni-moderation-latest", "whisper-1")
_BIRTH = 1767225600
_OF_TEXT = (
    "harassment", "harassment/threatening", "hate", "hate/threatening",
    "illicit", "illicit/violent", "sexual/minors",
)  # fmt: skip
_OF_PICTURES = (
    "self-harm", "self-harm/instructions", "self-harm/intent",
    "sexual", "violence", "violence/graphic",
)  # fmt: skip
_DIMENSIONS = 1536
_SIDE = 8
_RATE = 8000


def models() -> Body:
    """The body of a page of `Model`s."""
    common = {"object": "model", "created": _BIRTH, "owned_by": "llm_memo"}
    return {"object": "list", "data": [{"id": name, **common} for name in _MODELS]}


def embeddings(body: Body, _script: Script) -> Body:
    """The body of a `CreateEmbeddingResponse`: a unit vector for each input, made of its text and the model.

    Fewer `dimensions` are the first ones of more, made a unit vector again.
    """
    asked = body["input"]
    inputs = [asked] if isinstance(asked, str) or isinstance(asked[0], int) else asked
    encode = _base64 if body.get("encoding_format") == "base64" else _floats
    vectors = [encode(_vector(body["model"], each, body.get("dimensions") or _DIMENSIONS)) for each in inputs]
    data = [{"object": "embedding", "index": index, "embedding": each} for index, each in enumerate(vectors)]
    used = sum(tokens(each) if isinstance(each, str) else len(each) for each in inputs)
    usage = {"prompt_tokens": used, "total_tokens": used}
    return {"object": "list", "data": data, "model": body["model"], "usage": usage}


def moderations(body: Body, _script: Script) -> Body:
    """The body of a `ModerationCreateResponse`: "violence" in the text flags it as violence, and so on."""
    asked = body["input"]
    inputs = asked if isinstance(asked, list) and isinstance(asked[0], str) else [asked]
    return {
        "id": f"modr-{token_hex(12)}",
        "model": body.get("model") or "omni-moderation-latest",
        "results": [_moderation(json.dumps(each).lower()) for each in inputs],
    }


def images(body: Body, _script: Script) -> Body:
    """The body of an `ImagesResponse` with `n` pictures of 8 by 8 pixels, as PNG."""
    prompts = [[body["prompt"], index] for index in range(body.get("n") or 1)]
    pictures = [_png(_digest(prompt, _SIDE * _SIDE * 3)) for prompt in prompts]
    used, made = tokens(body["prompt"]), len(pictures)
    return {
        "created": int(time.time()),
        "data": [{"b64_json": _base64(picture)} for picture in pictures],
        "output_format": "png",
        "usage": {
            "input_tokens": used,
            "input_tokens_details": {"text_tokens": used, "image_tokens": 0},
            "output_tokens": made,
            "total_tokens": used + made,
        },
    }


def transcription(body: Body, script: Script) -> Body | str:
    """The body of a `Transcription`, also valid as `TranscriptionVerbose`; text alone for other formats."""
    heard = f"a recording of {len(body['file'])} bytes"
    text = script.reply(body) if script.reply is not None else compose(seeded(body), heard)
    if body.get("response_format") not in (None, "json", "verbose_json"):
        return text
    usage = {"type": "duration", "seconds": 1.0}
    return {"text": text, "task": "transcribe", "language": "english", "duration": 1.0, "usage": usage}


def speech(body: Body, _script: Script) -> bytes:
    """A short tone as a WAV file, whatever the format asked for."""
    return tone(body["voice"] + body["input"])


def tone(text: str) -> bytes:
    """A tenth of a second of a note picked by `text`, as a WAV file."""
    turn = 2 * math.pi / _RATE * 220 * 2 ** (_digest(text, 1)[0] % 24 / 12)
    samples = bytes(round(128 + 64 * math.sin(turn * tick)) for tick in range(_RATE // 10))
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(1)
        wav.setframerate(_RATE)
        wav.writeframes(samples)
    return file.getvalue()


def _digest(question: Any, length: int) -> bytes:
    return hashlib.shake_256(json.dumps(question).encode()).digest(length)


def _vector(model: str, text: Any, dimensions: int) -> bytes:
    """The vector as little-endian float32, the form in which the API sends base64."""
    numbers = struct.unpack(f"<{dimensions}h", _digest([model, text], dimensions * 2))
    length = math.hypot(*numbers)
    return struct.pack(f"<{dimensions}f", *(number / length for number in numbers))


def _floats(packed: bytes) -> list[float]:
    return list(struct.unpack(f"<{len(packed) // 4}f", packed))


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _moderation(text: str) -> Body:
    found = {category: category in text for category in (*_OF_TEXT, *_OF_PICTURES)}
    kinds = {**dict.fromkeys(_OF_TEXT, ("text",)), **dict.fromkeys(_OF_PICTURES, ("text", "image"))}
    return {
        "flagged": any(found.values()),
        "categories": found,
        "category_scores": {category: 0.9 if flagged else 0.001 for category, flagged in found.items()},
        "category_applied_input_types": kinds,
    }


def _png(pixels: bytes) -> bytes:
    row = _SIDE * 3
    lines = b"".join(b"\0" + pixels[start : start + row] for start in range(0, len(pixels), row))
    header = struct.pack(">2I5B", _SIDE, _SIDE, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_png_part(name, content) for name, content in parts)


def _png_part(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
