"""The schema of `configs/NAME.yaml`: every key, its default and what it accepts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, PrivateAttr, SerializeAsAny

from pipeline.config.audit_names import AuditName
from pipeline.config.data_section import DataConfig
from pipeline.config.feature_section import FeatureConfig
from pipeline.config.folds_section import FoldsConfig
from pipeline.config.metric import MetricConfig
from pipeline.config.section import Section
from pipeline.config.teaching import DistilConfig, PseudoConfig
from pipeline.config.words import hint


class OutsideConfig(Section):
    """Predictions that were made elsewhere, with the same folds."""

    oof: str = Field(description="CSV of out-of-fold predictions: the id, then one column per output")
    test: str = Field(description="CSV of test predictions, of the same form")


class MethodConfig(Section):
    """An ensemble method with parameters; each kind has its own."""

    kind: str


class EnsembleConfig(Section):
    """Ensemble: the method that makes one prediction of the models' predictions."""

    method: str | SerializeAsAny[MethodConfig] = Field(
        default="auto",
        description="a registered method, or one with parameters: `{kind: greedy, rounds: 100}`; `auto` "
        "picks by cross-fitted score",
    )
    members: list[str] | None = Field(default=None, description="model names; default: every enabled model")
    outside: dict[str, OutsideConfig] = Field(
        default={}, description="name -> predictions from a notebook or a team mate"
    )
    calibration: bool = Field(
        default=True, description="power, floor and class prior, where they help a log loss out-of-fold"
    )
    thresholds: bool = Field(
        default=True, description="decision thresholds, where they help a metric of labels out-of-fold"
    )
    max_seconds: float | None = Field(
        default=None,
        gt=0,
        description="`auto` tries its methods, the simplest first, while half of them last, and what is only "
        "told of the blend is left out at their end; a budget sets it; default: no limit",
    )


class SubmissionConfig(Section):
    """Submission: the form of the file's answers."""

    answer: Literal["auto", "probability", "label", "value", "ranking"] = Field(
        default="auto", description="what the cells hold; default: what sample and metric ask for"
    )
    decimals: int | None = Field(
        default=None, ge=0, le=17, description="digits after the point; default: every digit that a value has"
    )
    range: Literal["auto", "none", "training"] | list[float | None] = Field(
        default="auto",
        description="where values of a regression are held: [low, high] (null: no bound), the `training` "
        "target's least and largest, or `none`; `auto`: at 0 for rmsle, and at an end that many training "
        "rows share",
    )


class ReportConfig(Section):
    """Report: studies of the trained models."""

    optimism: list[str] = Field(
        default=[],
        description="models that are also tried on folds that ignore `folds.group`: what those would claim",
    )
    robustness: float = Field(
        default=6.0,
        ge=0,
        description="seconds of CPU for each of the best three networks of pictures and the best model of "
        "the table, which `make report` asks about disturbed rows; 0: none",
    )


class AuditConfig(Section):
    """Audit: findings that do not stop the training."""

    allow: list[AuditName] = Field(
        default=[], description="names of findings that are known and accepted (see docs/audit.md)"
    )


class ModelConfig(Section):
    """Keys that every model has.

    Attributes:
        instead: a setting that the field has a name for and this kind lacks -> a sentence that names
            what comes nearest.
        reasons: a key whose value is for some kinds of task only (`needs_task`) -> why, and what to set.
    """

    instead: ClassVar[Mapping[str, str]] = {}
    reasons: ClassVar[Mapping[str, str]] = {}

    kind: str
    inputs: list[str] = Field(
        default=["auto"],
        description="what it sees: `table`, `text` (columns of free text), `images`, of sound `spectrogram` "
        "and `sound` (statistics), `arrays` and `array_statistics`, `NAME.prediction`, `NAME.embedding`; "
        "`auto` is table and text for a model of tables, and the images for a network",
    )
    seeds: int = Field(default=1, ge=1, description="fits per fold with other seeds, averaged")
    seed: int = Field(default=0, ge=0, description="added to the run's seed: another draw of the model")
    validate_on: Literal["inner", "fold"] = Field(
        default="inner",
        description="what early stopping looks at: an inner split of the training rows, or the "
        "scored fold itself (its score is then reported as optimistic)",
    )
    nested: bool = Field(
        default=True,
        description="`NAME.prediction` comes from fits that have not seen the scored fold: n (n - 1) / 2 "
        "more fits of NAME; false saves them (its score is then reported as optimistic)",
    )
    distil: DistilConfig | None = Field(
        default=None,
        description="other models that it learns from: `{of: [a, b]}`. For each row they are fits that have "
        "seen neither it nor the scored fold: n (n - 1) / 2 more fits of each",
    )
    pseudo: PseudoConfig | None = Field(
        default=None,
        description="test rows that it learns from too: `{of: [a, b]}`. Their labels come from these models' "
        "fits of the same fold, which have not seen the scored rows",
    )
    enabled: bool = Field(default=True, description="false leaves the model out of the run")
    _tuned: str = PrivateAttr(default="")  # the mark of what a search has found: see `pipeline.config.tuned`

    @classmethod
    def hint(cls, name: str) -> str:
        """Returns what to say of a key that this kind does not have, "" where nothing is like it."""
        return hint(name, cls.model_fields, cls.instead)

    def uses(self) -> list[str]:
        """Returns names of other models whose weights this one starts from."""
        return []

    def views(self) -> list[str]:
        """Returns names of other models whose boxes or points decide what it sees of a picture."""
        return []

    def picture(self) -> dict[str, Any]:
        """Returns what decides the pictures that it sees (`label`, `size`, `view`), or {} for none."""
        return {}

    def answers(self) -> bool:
        """Says whether it predicts the competition's target, and so may join the ensemble."""
        return True

    @property
    def own_metric(self) -> str:
        """Name of what its folds are scored by where it does not answer the competition."""
        return "rmse"

    def draws_masks(self) -> bool:
        """Says whether it draws masks, whose places the views of others may follow."""
        return False

    def drawn_masks(self) -> str | None:
        """Returns where the masks lie that it learns beside the competition's answer; None: it does not."""
        return None

    def problems(self, where: str) -> list[str]:
        """Returns what is wrong with the values together, each naming its key under `where`."""
        return []

    def needs_task(self) -> dict[str, tuple[str, ...]]:
        """Returns keys whose value is for some kinds of task only, and those kinds."""
        return {}

    def space(self) -> dict[str, dict[str, Any]]:
        """Returns what a search changes where the YAML does not say, in the YAML's own words."""
        return {}

    def key_of(self, name: str) -> str:
        """Returns the dotted key that a name in a search space stands for: a key, or the library's own."""
        return name

    def relations(self, where: str, models: Mapping[str, ModelConfig | None]) -> list[str]:
        """Returns what does not fit between this section and those that it names.

        Args:
            where: the key path that begins each message.
            models: every section by name; None for one that is wrong itself.
        """
        return []


class AnytimeConfig(ModelConfig):
    """Keys of a model that may be ended at any time, and keeps what it has learned by then."""

    max_seconds: float | None = Field(
        default=None,
        gt=0,
        description="seconds of one fit, after which it keeps its best rounds, epoch or trees so far; "
        "LightGBM and XGBoost take larger steps where `learning_rate` is not set, a network's rate falls "
        "with the time, linear models take fewer steps and choose C by fewer rows; default: no end",
    )


class Config(Section):
    """A competition. `models` maps a name to that model's own section."""

    competition: str = Field(description="name of the competition", pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
    module: str | None = Field(
        default=None,
        description="Python module with code of its own; default `competitions.NAME` if it exists",
    )
    metric: str | MetricConfig = Field(
        description="a metric's name, or `module.attribute`; `{kind: NAME, weights: COLUMN}` sees the rows"
    )
    seed: int = Field(default=0, ge=0, description="every random choice follows from it")
    threads: int = Field(default=2, ge=1, description="threads that a library may start")
    workers: int = Field(
        default=1, ge=1, description="folds fitted side by side, each process with so many threads, or a GPU"
    )
    runner: Literal["processes", "ray"] = Field(
        default="processes",
        description="where they are fitted: here, or on the Ray cluster that RAY_ADDRESS names",
    )
    data: DataConfig = DataConfig()
    folds: FoldsConfig = FoldsConfig()
    features: dict[str, SerializeAsAny[FeatureConfig]] = Field(
        default={}, description="name -> feature, which every model of tables sees (see docs/features.md)"
    )
    models: dict[str, SerializeAsAny[ModelConfig]] = Field(description="name -> model")
    search: dict[str, dict[str, Any]] = Field(
        default={},
        description="model -> what `make tune` may change, in the place of its default (see docs/search.md)",
    )
    ensemble: EnsembleConfig = EnsembleConfig()
    submission: SubmissionConfig = SubmissionConfig()
    report: ReportConfig = ReportConfig()
    audit: AuditConfig = AuditConfig()
