"""The HTTP library that the installed OpenAI SDK is made with, and the key that its clients are given in tests."""

from __future__ import annotations

import httpx
import httpx2
import openai

http = httpx2 if issubclass(openai.DefaultHttpxClient, httpx2.Client) else httpx
"""httpx2, or httpx where the SDK is older."""
CANARY = "sk-CANARY"
"""The key of clients; it must be nowhere on disk."""
