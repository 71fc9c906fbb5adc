"""What can be wrong, said to people: what to put right, what does not exist, what cannot be told and why."""

from __future__ import annotations


class Problem(ValueError):
    """Something a person can put right: where it is, what is wrong, what to do."""


class Misuse(Problem):
    """A name or value was asked for that does not exist: what there is instead."""


class Dark(Exception):
    """A figure cannot be given because the book lacks something; says what to add."""
