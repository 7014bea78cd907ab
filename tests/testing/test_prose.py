"""Made-up English."""

from __future__ import annotations

import pytest

from llm_memo.testing.answer import seeded
from llm_memo.testing.prose import compose


@pytest.mark.slow
def test_ten_thousand_questions_get_ten_thousand_texts() -> None:
    """No two prompts of a large test share an answer by chance."""
    texts = {compose(seeded({"input": number}), "topic") for number in range(10_000)}

    assert 10_000 == len(texts)
