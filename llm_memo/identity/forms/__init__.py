"""Canonical forms: what stands for a value in a key."""
