"""A small OpenAI-compatible model server on loopback, for tests, demos and notebooks.

It answers at once, for free and offline: equal questions get equal text, other questions get other text.

    from openai import OpenAI
    from llm_memo.testing import model_server

    with model_server() as server:
        client = OpenAI(base_url=server.base_url, api_key="test")
        client.responses.create(model="gpt-5.2", input="Why is the sky blue?")
        assert server.requests == 1
"""

from llm_memo.testing.server import ModelServer, RecordedRequest

model_server = ModelServer
"""What to call to have a server: `with model_server() as server`."""

__all__ = ["ModelServer", "RecordedRequest", "model_server"]
