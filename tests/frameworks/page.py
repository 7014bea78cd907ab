"""The table of notebooks/frameworks.md, made from the cases; ``python page.py`` writes it."""

from __future__ import annotations

from pathlib import Path

from cases import CASES, COLUMNS

PAGE = Path(__file__).parent.parent.parent / "notebooks" / "frameworks.md"
BEGIN, END = "<!-- made by tests/frameworks/page.py -->\n", "<!-- until here -->\n"


def table() -> str:
    """The table, what its columns say, and the reasons, as Markdown."""
    reasons: dict[str, int] = {}
    lines = ["| | the answer of | " + " | ".join(COLUMNS) + " |", "|---|---|" + ":-:|" * len(COLUMNS)]
    for case in CASES.values():
        cells = []
        for column in COLUMNS:
            reason = case.reasons.get(column)
            cells.append("✓" if reason is None else str(reasons.setdefault(reason, len(reasons) + 1)))
        lines.append(f"| **{case.name}** | `{case.way}` | " + " | ".join(cells) + " |")
    lines += ["", *(f"- *{column}*: {says}." for column, says in COLUMNS.items()), ""]
    lines += [f"{number}. {reason}" for reason, number in reasons.items()]
    return "\n".join(lines) + "\n"


def written() -> str:
    """The page with its table made anew."""
    text = PAGE.read_text()
    return text[: text.index(BEGIN)] + BEGIN + "\n" + table() + "\n" + text[text.index(END) :]


if __name__ == "__main__":
    PAGE.write_text(written())
