"""Teaching: what a model learns of others' predictions, of training rows or of test rows."""

from __future__ import annotations

from pydantic import Field

from pipeline.config.section import Section


class DistilConfig(Section):
    """Distillation: a model learns what others say of the training rows, beside the labels."""

    of: list[str] = Field(min_length=1, description="the models that teach; their mean is learned")
    share: float = Field(default=0.5, ge=0, le=1, description="of what they say; the rest is the label's")
    temperature: float = Field(
        default=1.0, gt=0, description="their probabilities to the power of 1 over it: above 1 is softer"
    )


class PseudoConfig(Section):
    """Pseudo-labels: test rows join the training rows of a fold, labelled by others' fits of that fold."""

    of: list[str] = Field(min_length=1, description="the models that label; their mean is the label")
    share: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="of the test rows that join: of each predicted class the surest, of values those on "
        "which the models agree most; default: 0.3 of hard labels, else all",
    )
    soft: bool | None = Field(
        default=None,
        description="the label is the probability of every class; false: the likeliest class alone; default: "
        "true where the kind can learn it",
    )
