import numpy as np
import pytest

from pipeline.config.schema import FoldsConfig, ModelConfig
from pipeline.context import Context
from pipeline.data.folds import Folds, make_folds
from pipeline.errors import ModelError
from pipeline.metrics import find_metric
from pipeline.models.base import Model
from pipeline.testing import TASKS, small_dataset
from pipeline.validation.cross_validation import (
    Experiment,
    assemble,
    cross_validate,
    fit_fold,
    out_of_fold,
    pooled_score,
)

TASK = TASKS["classification"]
ACCURACY = find_metric("accuracy")


class Witness(Model):
    """Remembers what it was shown; answers with the share of each class it saw."""

    seen: list

    def __init__(self, inner=False, answer=None):
        super().__init__(ModelConfig(kind="witness"), TASK)
        self.inner = inner
        self.answer = answer

    @property
    def wants_inner_split(self):
        return self.inner

    def fit(self, train, inner=None, context=None):
        shown = train.positions if inner is None else np.concatenate([train.positions, inner.positions])
        self.shown_ = shown
        self.train_, self.inner_, self.context_ = train, inner, context
        self.share_ = np.bincount(train.target, minlength=3) / len(train)
        return self

    def predict(self, rows, context=None):
        if rows.dataset is self.train_.dataset and not set(rows.positions) <= self.allowed():
            assert not set(rows.positions) & set(self.shown_), "scored rows were shown to the model"
        value = self.share_ if self.answer is None else self.answer
        return np.tile(value, (len(rows), 1)).astype(np.float32)

    def allowed(self):
        return set(self.pinned)

    pinned: tuple = ()

    def save(self, folder):
        np.save(folder / "share.npy", self.share_)

    def load(self, folder):
        return self


@pytest.fixture
def experiment():
    def build(make=Witness, target=None, **options):
        train, test = small_dataset("classification"), small_dataset("classification", rows=12, seed=5)
        folds = options.pop("folds", None) or make_folds(FoldsConfig(n=3), TASK, train.target)
        return Experiment(make, train, test, folds, **options)

    return build


def test_no_model_predicts_what_it_was_shown(experiment):
    made = []

    def make():
        made.append(Witness(inner=True))
        return made[-1]

    predictions = cross_validate(experiment(make), "w", TASK, ACCURACY, Context())
    assert predictions.oof.shape == (90, 3)
    assert len(made) == 3
    for fold, model in zip(experiment().folds, made, strict=True):
        assert not set(model.shown_) & set(fold.valid)
        assert sorted(model.shown_) == fold.train.tolist()
        assert not set(model.train_.positions) & set(model.inner_.positions)


def test_rows_are_in_the_order_of_the_table(experiment):
    made = experiment()
    predictions = cross_validate(made, "w", TASK, ACCURACY, Context())
    for fold in made.folds:
        share = np.bincount(made.train.target[fold.train], minlength=3) / len(fold.train)
        np.testing.assert_allclose(
            predictions.oof[fold.valid], np.tile(share, (len(fold.valid), 1)), rtol=1e-6
        )
    assert predictions.ids.tolist() == made.train.ids.tolist()
    assert len(predictions.fold_scores) == 3


def test_validating_on_the_scored_fold_must_be_asked_for(experiment):
    made = []

    def make():
        made.append(Witness(inner=True))
        made[-1].pinned = range(90)
        return made[-1]

    setup = experiment(make, validate_on="fold")
    cross_validate(setup, "w", TASK, ACCURACY, Context())
    for fold, model in zip(setup.folds, made, strict=True):
        assert model.inner_.positions.tolist() == fold.valid.tolist()


def test_seeds_differ_by_fold_and_repeat_themselves(experiment):
    seeds = []

    class Listener(Witness):
        def fit(self, train, inner=None, context=None):
            seeds.append(context.seed)
            return super().fit(train, inner, context)

    for _ in range(2):
        cross_validate(experiment(Listener, seeds=2), "w", TASK, ACCURACY, Context())
    assert seeds[:6] == seeds[6:]
    assert len(set(seeds[:6])) == 6


def test_pinned_rows_are_not_scored_but_serve_out_of_fold(experiment):
    assignment = np.arange(90) % 3
    assignment[7] = -1
    made = experiment(folds=Folds(assignment[None].astype(np.int16)))

    def make():
        model = Witness()
        model.pinned = (7,)
        return model

    made = Experiment(make, made.train, made.test, made.folds)
    outputs = [(fold, fit_fold(made, fold, Context())) for fold in made.folds]
    predictions = cross_validate(made, "w", TASK, ACCURACY, Context())
    assert np.isnan(predictions.oof[7]).all()
    assert predictions.scored.sum() == 89
    train, test = out_of_fold(90, made.folds, outputs)
    assert np.isfinite(train).all()
    assert test.shape == (12, 3)


def test_predictions_that_are_no_numbers_are_refused(experiment):
    broken = experiment(lambda: Witness(answer=np.array([np.nan, 0, 1])))
    with pytest.raises(ModelError, match=r"fold0: predictions for 30 scored rows are no numbers"):
        fit_fold(broken, next(iter(broken.folds)), Context())


def test_models_are_kept_one_folder_a_seed(experiment, tmp_path):
    made = experiment(seeds=2)
    fit_fold(made, next(iter(made.folds)), Context(), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["seed0", "seed1"]


def test_the_score_of_all_folds_together_is_no_mean_of_folds(experiment):
    built = experiment(folds=make_folds(FoldsConfig(n=3, repeats=2), TASK, np.arange(90) % 3))
    outputs = [(fold, fit_fold(built, fold, Context())) for fold in built.folds]
    rng = np.random.default_rng(0)
    for fold, output in outputs:
        output.valid[:] = rng.random(output.valid.shape) * (fold.number + 1)
    auc = find_metric("auc")
    made = assemble("w", TASK, built.train, built.test, built.folds, outputs, auc)
    together = pooled_score(auc, built.train.target, outputs)
    assert together == auc(built.train.target, made.oof)
    assert together != pytest.approx(np.mean(made.fold_scores), abs=1e-3)
    fold, output = outputs[0]
    assert pooled_score(auc, built.train.target, [(fold, output)]) == pytest.approx(made.fold_scores[0])


def shown_to(experiment, **options):
    """Returns the models of every fold, which remember what they were shown, and the outputs."""
    made = []

    def make():
        made.append(Witness(inner=True))
        made[-1].pinned = options["folds"].pinned
        return made[-1]

    built = experiment(make, **options)
    outputs = [fit_fold(built, fold, Context()) for fold in built.folds]
    return made, outputs


@pytest.mark.parametrize("groups", [5, 30])
def test_the_inner_split_keeps_the_groups_together(experiment, groups):
    group = np.arange(90) % groups
    folds = make_folds(FoldsConfig(n=3, group="g"), TASK, np.arange(90) % 3, group)
    made, outputs = shown_to(experiment, folds=folds, splitter=group)
    for model in made:
        train, inner = group[model.train_.positions], group[model.inner_.positions]
        assert len(inner)
        assert not set(train) & set(inner)
    assert all("warnings" not in output.notes for output in outputs)


def test_the_inner_split_of_given_folds_holds_one_of_them_out(experiment):
    column = np.arange(90) % 4
    folds = make_folds(FoldsConfig(n=4, column="f"), TASK, np.arange(90) % 3, column)
    for model in shown_to(experiment, folds=folds, splitter=column.astype(str))[0]:
        assert len(set(column[model.inner_.positions])) == 1
        assert len(set(column[model.train_.positions])) == 2


def test_the_inner_split_of_time_folds_comes_last_and_keeps_moments_together(experiment):
    time = np.arange(90) // 6
    folds = make_folds(FoldsConfig(n=3, time="t"), TASK, np.arange(90) % 3, time)
    for model in shown_to(experiment, folds=folds, splitter=time)[0]:
        assert time[model.train_.positions].max() < time[model.inner_.positions].min()


def test_a_fold_says_that_its_inner_split_cannot_keep_groups_apart(experiment):
    column = np.arange(90) % 2
    folds = make_folds(FoldsConfig(n=2, column="f"), TASK, np.arange(90) % 3, column)
    _, outputs = shown_to(experiment, folds=folds, splitter=column.astype(str), seeds=2)
    for output in outputs:
        (warning,) = output.notes["warnings"]
        assert "all 45 training rows are of one group or given fold" in warning


def test_test_rows_get_the_mean_over_the_folds(experiment):
    answers = iter(np.eye(3))
    made = experiment(lambda: Witness(answer=next(answers)))
    predictions = cross_validate(made, "w", TASK, ACCURACY, Context())
    np.testing.assert_allclose(predictions.test, np.full((12, 3), 1 / 3), rtol=1e-6)


def test_another_seed_of_the_run_gives_every_fit_another_one(experiment):
    seeds = []

    class Listener(Witness):
        def fit(self, train, inner=None, context=None):
            seeds.append(context.seed)
            return super().fit(train, inner, context)

    for seed in (0, 1):
        cross_validate(experiment(Listener, seed=seed), "w", TASK, ACCURACY, Context())
    assert len(set(seeds)) == 6
