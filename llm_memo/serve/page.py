"""The page at ``/``: what was saved today, and the latest requests. No texts, no scripts."""

from __future__ import annotations

import time
from html import escape

from llm_memo.display import amounts
from llm_memo.serve.guard import Headers
from llm_memo.serve.log import Log, Record
from llm_memo.serve.upstream import Upstreams, shown

__all__ = ["page"]

_STYLE = """
:root { color-scheme: light dark; --ink: #1d2127; --dim: #5f6773; --paper: #fff; --line: #e3e6ea; --good: #1a7f37; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e8eb; --dim: #9aa3af; --paper: #15181c; --line: #2c3138; --good: #4fc26b; }
}
body { margin: 2rem auto; max-width: 64rem; padding: 0 1rem; color: var(--ink); background: var(--paper);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.2rem; } h2 { font-size: 1rem; margin-top: 2rem; } .dim { color: var(--dim); }
dl { display: flex; flex-wrap: wrap; gap: 0 3rem; } dt { color: var(--dim); } dd { margin: 0; font-size: 1.5rem; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: left; color: var(--dim); font-weight: normal; }
th, td { padding: .25rem .9rem .25rem 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
.right { text-align: right; } .hit, .stale { color: var(--good); } code { font-size: .9em; }
"""
_HEADERS: Headers = [
    (b"content-type", b"text/html; charset=utf-8"),
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
]
_COLUMNS = ("time", "method", "path", "model", "outcome", "status", "took", "tokens", "key")
_RIGHT = ("took", "tokens")


def page(log: Log, upstreams: Upstreams) -> tuple[Headers, bytes]:
    """The headers and the body of the page."""
    where = ", ".join(shown(dict(sorted(upstreams.items()))))
    figures = "".join(
        f"<div><dt>{escape(what)}</dt><dd>{escape(much)}</dd></div>" for what, much in log.today().items()
    )
    head = "".join(f"<th{_side(name)}>{name}</th>" for name in _COLUMNS)
    rows = "".join(map(_row, log.latest)) or f'<tr><td colspan="{len(_COLUMNS)}" class="dim">none yet</td></tr>'
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<meta http-equiv=refresh content=10><title>llm-memo serve</title><style>{_STYLE}</style></head><body>"
        f'<h1>llm-memo serve <span class="dim">{escape(where)}</span></h1><h2>Today</h2><dl>{figures}</dl>'
        f'<h2>Latest requests</h2><div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
        '</div><p class="dim">Question and answer of one: <code>llm-memo show KEY</code></p></body></html>'
    )
    return _HEADERS, html.encode()


def _side(column: str) -> str:
    return ' class="right"' if column in _RIGHT else ""


def _row(record: Record) -> str:
    outcome = record.outcome or "pass"
    cells = {
        "time": time.strftime("%H:%M:%S", time.localtime(record.at)),
        "method": record.method,
        "path": record.path[:80],
        "model": record.model[:40],
        "outcome": outcome + (f" ({record.note})" if record.note else ""),
        "status": str(record.status or "–"),
        "took": amounts.duration(record.seconds),
        "tokens": f"{record.tokens:,}" if record.usage is not None else "",
        "key": record.key,
    }
    marked = {"outcome": f' class="{outcome}"' if record.saved else ""}
    return (
        "<tr>"
        + "".join(f"<td{_side(name) or marked.get(name, '')}>{escape(cells[name])}</td>" for name in _COLUMNS)
        + "</tr>"
    )
