"""``python -m llm_memo`` is ``llm-memo``."""

import sys

from llm_memo.cli import main

if __name__ == "__main__":
    sys.exit(main())
