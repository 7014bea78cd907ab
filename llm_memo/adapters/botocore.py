"""Clients of AWS, in keys."""

from __future__ import annotations

from typing import Any


def canonical_form(value: Any) -> tuple[str, object] | None:
    """A client is its service, its region and where it sends requests."""
    if "BaseClient" not in {base.__name__ for base in type(value).__mro__}:
        return None
    meta = value.meta
    model = meta.service_model
    return "client of AWS", (model.service_name, model.api_version, meta.region_name, meta.endpoint_url)
