"""All nodes of a tree. Unlike `ast.walk`, which looks through the fields of each node whenever it is met, once."""

from __future__ import annotations

import ast


def children(node: ast.AST) -> list[ast.AST]:
    """The nodes right inside of one, less ``Load``, ``Store`` and ``Del``, which are no code of their own."""
    known: list[ast.AST] | None = node.__dict__.get("_llm_memo_children")
    if known is None:
        known = []
        for name in node._fields:
            item = getattr(node, name, None)
            if isinstance(item, ast.AST):
                if not isinstance(item, ast.expr_context):
                    known.append(item)
            elif isinstance(item, list):
                known += [each for each in item if isinstance(each, ast.AST)]
        node.__dict__["_llm_memo_children"] = known
    return known


def walk(node: ast.AST) -> list[ast.AST]:
    """A node and all inside of it, outer ones first."""
    found = [node]
    for each in found:
        found += children(each)
    return found
