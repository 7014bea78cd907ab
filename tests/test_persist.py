"""What is done with an answer when the function has returned: judged, kept or not, and said."""

from __future__ import annotations

from typing import Any

import pytest

from llm_memo import NotStored, cached_completion


class Unruly(dict[str, Any]):
    """An answer that raises when it is looked at."""

    def get(self, *_: object) -> Any:
        raise ZeroDivisionError("oh")


def test_an_answer_that_cannot_be_judged_is_returned_and_no_cache_if_is_blamed() -> None:
    """Where no ``cache_if`` was given, the warning and the counts name the error of the answer alone."""
    f = cached_completion(lambda: Unruly(a=1))

    with pytest.warns(NotStored, match="could not be kept: ZeroDivisionError: oh"):
        assert {"a": 1} == dict(f())
    assert {"ZeroDivisionError": 1} == dict(f.cache_info().not_stored_because)
