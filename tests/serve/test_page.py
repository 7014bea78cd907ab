"""The page at ``/`` as a browser shows it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import httpx
import PIL.Image
import pytest
from speaking import eventually

from llm_memo.serve import CacheServer
from llm_memo.serve.log import Record

PAPER = {"light": (255, 255, 255), "dark": (21, 24, 28)}


def ask(proxy: CacheServer) -> None:
    """A question, whose text is nobody's business."""
    body = {"model": "gpt-5.2", "messages": [{"role": "user", "content": "private"}]}
    assert 200 == httpx.post(f"{proxy.base_url}/chat/completions", json=body).status_code


@pytest.mark.browser
@pytest.mark.parametrize("scheme", PAPER)
def test_light_and_dark(proxy: CacheServer, tmp_path: Path, scheme: str) -> None:
    """In headless Chromium it has the colours that the reader prefers, and something on them."""
    ask(proxy)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or pytest.fail("chromium is not installed")
    picture = tmp_path / "page.png"
    preferred = {"dark": 0, "light": 1}[scheme]
    command = [
        chromium, "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}",
        f"--blink-settings=preferredColorScheme={preferred}", "--window-size=1000,500",
        f"--screenshot={picture}", proxy.base_url + "/",
    ]  # fmt: skip
    subprocess.run(command, capture_output=True, check=True, timeout=120)
    with PIL.Image.open(picture) as shown:
        pixels = shown.convert("RGB")
    assert PAPER[scheme] == pixels.getpixel((2, 2))
    assert len(pixels.getcolors(1_000_000) or ()) > 20


def test_it_is_no_request_of_anybodys(proxy: CacheServer, records: list[Record]) -> None:
    """Looking at it, and asking whether the proxy is well, is not counted."""
    ask(proxy)
    for path in ("/", "/healthz"):
        assert 200 == httpx.get(proxy.base_url + path).status_code
    eventually(lambda: records)
    assert ["/chat/completions"] == [record.path for record in records]
