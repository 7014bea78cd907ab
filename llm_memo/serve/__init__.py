"""``llm-memo serve``: the second tier as a local proxy, for everything that speaks HTTP.

::

    application an ASGI application: one request's way through
    guard       which requests are let in                upstream    where they go, and with which headers
    incoming    the body of a request, as it comes       outgoing    the answer, as it goes out
    faults      errors, as the called API has them       log         what became of the latest requests
    page        the same to look at
    listener    uvicorn, with limits of our own          server      in a thread, for tests and notebooks

Needs the extra ``[serve]``.
"""

from llm_memo.serve.application import app
from llm_memo.serve.server import CacheServer, cache_server

__all__ = ["CacheServer", "app", "cache_server"]
