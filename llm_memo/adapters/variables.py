"""Variables of the environment that SDKs and settings models read while a call makes them, if answers depend on them.

They say which server the questions go to. Credentials and timeouts are none of it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

_OPENAI = ("OPENAI_BASE_URL", "OPENAI_API_BASE")
_AZURE = ("AZURE_OPENAI_ENDPOINT", "OPENAI_API_VERSION")
_ANTHROPIC = ("ANTHROPIC_BASE_URL", "ANTHROPIC_API_URL")
_GOOGLE = ("GOOGLE_GEMINI_BASE_URL", "GOOGLE_GENAI_USE_VERTEXAI", "GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_LOCATION")
_AMAZON = ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_BEDROCK_RUNTIME")
_OTHERS = ("OLLAMA_HOST", "OLLAMA_API_BASE", "GROQ_BASE_URL", "CO_API_URL", "HF_ENDPOINT", "HF_INFERENCE_ENDPOINT")
_ANY = (*_OPENAI, *_AZURE, *_ANTHROPIC, *_GOOGLE, *_AMAZON, *_OTHERS)

_OF_PACKAGES = {
    "openai": (*_OPENAI, *_AZURE),
    "anthropic": (*_ANTHROPIC, *_AMAZON),
    "google": _GOOGLE,
    "boto3": _AMAZON,
    "groq": ("GROQ_BASE_URL",),
    "cohere": ("CO_API_URL",),
    "huggingface_hub": ("HF_ENDPOINT", "HF_INFERENCE_ENDPOINT"),
    "ollama": ("OLLAMA_HOST",),
    **dict.fromkeys(
        (
            "agno", "aisuite", "autogen_ext", "crewai", "dspy", "ell", "haystack", "instructor", "langchain",
            "langchain_anthropic", "langchain_aws", "langchain_google_genai", "langchain_ollama", "langchain_openai",
            "litellm", "llama_index", "marvin", "mirascope", "pydantic_ai", "smolagents",
        ),
        _ANY,
    ),
}  # fmt: skip
"""Top-level package → the variables that its code reads."""


def of_code(module: object) -> tuple[str, ...]:
    """The variables that the installed code of a module is known to read."""
    return _OF_PACKAGES.get(str(module).partition(".")[0], ())


def is_settings(kind: type) -> bool:
    """Whether a class is a settings model of pydantic-settings."""
    return any(f"{base.__module__}.{base.__name__}" == "pydantic_settings.main.BaseSettings" for base in kind.__mro__)


def of_settings(kind: Any) -> dict[str, str]:
    """What the environment, and the files in its format, now say that a settings model reads when it is made."""
    names = {name.casefold() for name in _names(kind)}
    delimiter = kind.model_config.get("env_nested_delimiter")
    starts = tuple(f"{name}{delimiter}".casefold() for name in names) if delimiter else ()
    found = {
        name: value
        for name, value in sorted(os.environ.items())
        if name.casefold() in names or (starts and name.casefold().startswith(starts))
    }
    files = kind.model_config.get("env_file") or ()
    for file in [files] if isinstance(files, (str, os.PathLike)) else files:
        try:
            with open(os.path.expanduser(file), encoding="utf-8", errors="replace") as text:
                found[os.fspath(file)] = text.read()
        except OSError:
            continue
    return found


def _names(kind: Any) -> Iterator[str]:
    """How the variable of each field may be called."""
    for name, field in kind.__pydantic_fields__.items():
        yield f"{kind.model_config.get('env_prefix', '')}{name}"
        for alias in (field.alias, field.validation_alias):
            for each in getattr(alias, "choices", [alias]):
                yield str(each if isinstance(each, str) else getattr(each, "path", [each])[0])
