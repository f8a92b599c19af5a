"""Names of what the audit finds, as `audit.allow` takes them."""

from __future__ import annotations

from typing import Literal

AuditName = Literal[
    "answers-not-in-text",
    "answers-too-far",
    "blank-pictures",
    "boxes-outside",
    "boxes-without-area",
    "conflicting-pictures",
    "conflicting-rows",
    "conflicting-texts",
    "constant-columns",
    "duplicate-pictures",
    "duplicate-rows",
    "duplicate-texts",
    "empty-in-one-table",
    "empty-masks",
    "full-masks",
    "leaking-column",
    "leaking-id",
    "leaking-order",
    "leaking-text",
    "missing-shift",
    "shifted-masks",
    "single-row-classes",
    "split-groups",
    "suspicious-labels",
    "test-pictures-in-train",
    "test-rows-in-train",
    "test-texts-in-train",
    "train-test-shift",
    "unseen-classes",
    "unseen-scripts",
    "unseen-values",
    "whole-texts",
]
