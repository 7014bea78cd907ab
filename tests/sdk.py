"""The HTTP library that the installed OpenAI SDK is made with: httpx2, or httpx where the SDK is older."""

from __future__ import annotations

import httpx
import httpx2
import openai

http = httpx2 if issubclass(openai.DefaultHttpxClient, httpx2.Client) else httpx
