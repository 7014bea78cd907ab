"""Pairs of programs where nothing that matters changed: the second must find the answers of the first."""

from __future__ import annotations

from tests_identity_programs import Pair, edited
