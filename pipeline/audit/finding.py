"""A finding of the audit: what was seen in the data, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from pipeline.config.audit_names import AuditName
from pipeline.errors import DataError

Severity = Literal["stop", "warn", "info"]
ORDER: tuple[Severity, ...] = ("stop", "warn", "info")


@dataclass(frozen=True)
class Finding:
    """One line of the audit.

    Attributes:
        name: what `audit.allow` takes.
        severity: "stop" (the score would be a lie: training is refused), "warn" (look at it before
            you trust the score) or "info" (good to know).
        text: what was found and what to do, in one line.
    """

    name: AuditName
    severity: Severity
    text: str

    def line(self, allowed: Iterable[str] = ()) -> str:
        """Returns the line for a person; `allowed` names findings that the configuration accepts."""
        word = "allowed" if self.severity == "stop" and self.name in allowed else self.severity
        return f"{word:<7} {self.name}: {self.text}"

    def to_json(self) -> dict[str, str]:
        return asdict(self)


def by_severity(findings: Iterable[Finding]) -> list[Finding]:
    """Returns the findings, the worst first."""
    return sorted(findings, key=lambda finding: ORDER.index(finding.severity))


def stopping(findings: Iterable[Finding], allowed: Iterable[str]) -> list[Finding]:
    """Returns the findings that forbid training, those that the configuration allows left out."""
    accepted = set(allowed)
    return [found for found in findings if found.severity == "stop" and found.name not in accepted]


def refuse(findings: Sequence[Finding], allowed: Sequence[str]) -> None:
    """Raises DataError where a finding makes the score a lie and is not allowed by name."""
    stop = stopping(findings, allowed)
    if not stop:
        return
    lines = "\n".join(f"  - {found.name}: {found.text}" for found in stop)
    names = ", ".join(dict.fromkeys([*allowed, *(found.name for found in stop)]))
    raise DataError(
        f"The audit found what would make the cross-validated score a lie:\n{lines}\n"
        f"Mend it, or accept it by name: `audit: {{allow: [{names}]}}` in the configuration "
        f'(for one run: ARGS="--set audit.allow=[{names}]").'
    )
