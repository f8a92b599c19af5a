import numpy as np
import pytest
from sklearn.base import clone
from sklearn.utils.estimator_checks import check_estimator

from pipeline.ensemble.blend import blend
from pipeline.ensemble.methods.auto import Auto, Trial
from pipeline.ensemble.simplex import log_loss_weights
from pipeline.ensemble.split import Split
from pipeline.ensemble.stack import Stack
from pipeline.errors import ConfigError
from pipeline.metrics import METRICS, RowFacts, find_metric, with_facts
from pipeline.registry import METHODS

WEIGHTED = ["mean", "best", "score_weights", "convex", "greedy", "nelder_mead"]
SINGLE = [name for name in METHODS if name not in ("auto", "fusion")]  # of boxes: test_boxes.py
SLOW = {"auto", "stack_logistic"}
METRIC_NAMES = [*METRICS.names(), "map@3", "fbeta_samples@2", "quantile@0.9"]
FIRST_METRIC = {"classification": "log_loss", "multilabel": "log_loss", "regression": "rmse"}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in (*SINGLE, "auto")],
)
def test_every_method_is_a_scikit_learn_estimator(name):
    check_estimator(METHODS.get(name)(), on_skip=None)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_auto_is_a_scikit_learn_estimator():
    check_estimator(Auto(config=Auto.Config(kind="auto", methods=["mean", "convex"])), on_skip=None)


@pytest.mark.parametrize("kind", ["classification", "multilabel", "regression"])
@pytest.mark.parametrize("metric_name", METRIC_NAMES)
def test_every_method_works_with_every_metric(kind, metric_name, level_2):
    metric = find_metric(metric_name)
    if kind not in metric.tasks:
        return
    outputs = metric.targets or 3
    data = level_2(kind, members=2, rows=60, outputs=outputs)
    stack = Stack.of([member.oof for member in data.members])
    for name in SINGLE:
        kind_of_method = METHODS.get(name)
        if kind_of_method.unsuitable(metric, data.target):
            assert (name, kind) == ("stack_logistic", "regression")
            continue
        method = kind_of_method(metric, data.task.n_outputs).fit_stack(stack, data.target, Split(data.folds))
        blended = method.combine_stack(stack)
        assert blended.shape == (60, outputs), name
        assert np.isfinite(blended).all(), name
        if kind == "classification":
            np.testing.assert_allclose(blended.sum(axis=1), 1.0, atol=1e-5, err_msg=name)
        if kind != "regression":
            assert blended.min() >= 0, name
            assert blended.max() <= 1 + 1e-6, name


@pytest.mark.parametrize(
    "metric_name, kind",
    [
        ("log_loss", "classification"),
        ("accuracy", "multilabel"),
        ("mae", "regression"),
        ("rmsle", "regression"),
        ("mape", "regression"),
    ],
)
@pytest.mark.parametrize("words", [("weights",), ("groups",), ("rows",), ("weights", "groups", "rows")])
def test_every_method_works_with_a_metric_that_sees_the_rows(metric_name, kind, words, level_2):
    metric, data = find_metric(metric_name).seeing(*words), level_2(kind, members=2, rows=60)
    counted = data.random.uniform(size=60) < 0.7
    facts = RowFacts(data.random.uniform(0, 3, 60), data.random.integers(0, 3, 60), counted)
    target, stack = with_facts(data.target, facts), stack_of(data)
    for name in SINGLE:
        if METHODS.get(name).unsuitable(metric, target):
            continue
        method = METHODS.get(name)(metric, 3).fit_stack(stack, target, Split(data.folds))
        assert np.isfinite(metric(target, method.combine_stack(stack))), name


def test_weights_that_are_searched_for_serve_the_rows_that_count(level_2):
    data = level_2("regression", members=2)
    truth = np.asarray(data.target)
    here = np.arange(data.rows) % 2 == 0
    members = [np.where(here[:, None] == side, truth, truth + 1) for side in (True, False)]
    metric = find_metric("mae").seeing("rows")
    for side in (0, 1):
        target = with_facts(truth, RowFacts(counted=here == (side == 0)))
        for name in ("greedy", "nelder_mead", "best"):
            method = METHODS.get(name)(metric, 3).fit_stack(Stack.of(members), target, Split(data.folds))
            assert method.weights_[side] == pytest.approx(1.0, abs=0.02), name


@pytest.mark.parametrize("name", WEIGHTED)
@pytest.mark.parametrize("metric", ["log_loss", "auc"])
def test_weights_lie_on_the_simplex(name, metric, level_2):
    data = level_2("classification")
    weights = METHODS.get(name)(metric, 3).fit_stack(stack_of(data), data.target).weights_
    assert np.all(weights >= 0)
    assert weights.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("name", SINGLE)
def test_the_same_seed_gives_the_same_blend(name, level_2):
    data = level_2("classification")
    stack = stack_of(data)
    first, again = (
        METHODS.get(name)("log_loss", 3, seed=1)
        .fit_stack(stack, data.target, Split(data.folds))
        .combine_stack(stack)
        for _ in range(2)
    )
    np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize("name", SINGLE)
@pytest.mark.parametrize("kind", ["classification", "multilabel", "regression"])
@pytest.mark.parametrize("case", ["one member", "copies", "perfect member", "two rows"])
def test_degenerate_inputs(name, kind, case, level_2):
    metric = find_metric(FIRST_METRIC[kind])
    data = level_2(kind, rows=2 if case == "two rows" else 60, outputs=2, members=2)
    if METHODS.get(name).unsuitable(metric, data.target):
        return
    members = [member.oof for member in data.members]
    if case == "one member":
        members = members[:1]
    elif case == "copies":
        members[1] = members[0]
    elif case == "perfect member":
        perfect = np.eye(2)[data.target] if kind == "classification" else data.target
        members[1] = perfect.astype(np.float32)
    stack = Stack.of(members)
    method = METHODS.get(name)(metric, 2).fit_stack(stack, data.target, Split(data.folds))
    blended = method.combine_stack(stack)
    assert np.isfinite(blended).all()
    if case == "perfect member" and name not in ("mean", "rank_mean"):
        alone = metric(data.target, members[0])
        assert metric(data.target, blended) < 0.6 * alone


def stack_of(data):
    return Stack.of([member.oof for member in data.members])


def test_convex_has_a_proof_and_beats_every_member(level_2):
    data = level_2("classification", members=4)
    stack, metric = stack_of(data), find_metric("log_loss")
    method = METHODS.get("convex")("log_loss", 3).fit_stack(stack, data.target)
    assert method.gap_ < 1e-6
    assert metric(data.target, method.combine_stack(stack)) <= min(
        metric(data.target, member.oof) for member in data.members
    )


def test_convex_for_rmsle_is_exact_in_logarithms(level_2):
    data = level_2("regression", outputs=1)
    stack, metric = stack_of(data), find_metric("rmsle")
    method = METHODS.get("convex")("rmsle").fit_stack(stack, data.target)
    best = metric(data.target, method.combine_stack(stack))
    for weights in np.random.default_rng(0).dirichlet(np.ones(3), 200):
        logs = sum(w * np.log1p(m.oof) for w, m in zip(weights, data.members, strict=True))
        assert best <= metric(data.target, np.expm1(logs)) + 1e-7


def test_per_class_weights_of_labels_are_exact_per_label(level_2):
    data = level_2("multilabel")
    method = METHODS.get("per_class")("log_loss", 3).fit_stack(stack_of(data), data.target)
    for k in range(3):
        label = Stack.of([member.oof[:, [k]] for member in data.members])
        alone = log_loss_weights(label.probability_of_truth(data.target[:, [k]])).weights
        np.testing.assert_allclose(method.weights_[:, k], alone, atol=1e-6)


def test_signed_weights_subtract_a_shared_error():
    random = np.random.default_rng(0)
    target, shared = random.normal(size=(400, 1)), random.normal(size=(400, 1))
    members = [target + shared, shared + 0.1 * random.normal(size=(400, 1))]
    stack, rmse = Stack.of(members), find_metric("rmse")
    signed = METHODS.get("signed")("rmse").fit_stack(stack, target)
    convex = METHODS.get("convex")("rmse").fit_stack(stack, target)
    assert signed.weights_.sum() == pytest.approx(1.0)
    assert rmse(target, signed.combine_stack(stack)) <= rmse(target, convex.combine_stack(stack))


def test_signed_weights_fall_back_where_members_have_nothing_to_subtract():
    random = np.random.default_rng(0)
    target = random.normal(size=(40, 1))
    members = [target + random.normal(size=(40, 1)) for _ in range(12)]
    method = METHODS.get("signed")("rmse").fit_stack(Stack.of(members), target)
    assert method.penalty_ >= 0.1


def test_rank_mean_does_not_depend_on_the_members_scales(level_2):
    data = level_2("multilabel")
    squeezed = [member.oof ** (m + 1) for m, member in enumerate(data.members)]
    auc = find_metric("auc")
    scores = []
    for members in ([member.oof for member in data.members], squeezed):
        stack = Stack.of(members)
        scores.append(
            auc(
                data.target,
                METHODS.get("rank_mean")("auc", 3).fit_stack(stack, data.target).combine_stack(stack),
            )
        )
    assert scores[0] == pytest.approx(scores[1], abs=1e-3)


def test_nelder_mead_gains_by_the_metric_itself(level_2):
    data = level_2("classification")
    stack, metric = stack_of(data), find_metric("mcc")
    blended = METHODS.get("nelder_mead")("mcc", 3).fit_stack(stack, data.target).combine_stack(stack)
    mean = stack.combine(np.full(3, 1 / 3))
    assert metric(data.target, blended) >= metric(data.target, mean)


def test_greedy_ignores_a_member_that_only_hurts(level_2):
    data = level_2("classification")
    noise = data.random.dirichlet(np.ones(3), size=data.rows)
    stack = Stack.of([*(member.oof for member in data.members), noise])
    assert METHODS.get("greedy")("log_loss", 3).fit_stack(stack, data.target).weights_[3] < 0.05


def test_a_stack_gives_absent_classes_the_members_probability(level_2):
    data = level_2("classification", outputs=4)
    data.target[data.target == 2] = 1
    stack = stack_of(data)
    blended = METHODS.get("stack_logistic")("log_loss", 4).fit_stack(stack, data.target).combine_stack(stack)
    np.testing.assert_allclose(blended[:, 2], np.mean([m.oof[:, 2] for m in data.members], axis=0), rtol=1e-5)


def test_a_metric_of_ones_own_is_searched_for(level_2):
    data = level_2("regression", outputs=1)
    median = type(find_metric("mae"))(
        "median", lambda t, p: float(np.median(np.abs(t - p))), False, "value", ("regression",)
    )
    blended = blend(data.members, data.target, median, Split(data.folds), "nelder_mead")
    assert blended.in_sample_score <= min(blended.member_scores.values())


def test_estimators_clone_with_their_metric():
    method = METHODS.get("greedy")(metric=find_metric("auc"), n_outputs=4, seed=3)
    again = clone(method)
    assert again is not method
    assert again.get_params() == method.get_params()


def test_an_unknown_parameter_is_named_with_its_nearest():
    with pytest.raises(ConfigError, match=r"no parameter 'sed'\. Did you mean 'seed'"):
        METHODS.get("mean")().set_params(sed=1)


def test_columns_that_are_no_multiple_of_the_outputs_are_refused():
    with pytest.raises(
        ValueError, match=r"members \* n_outputs columns\. Received: 4 columns and n_outputs=3"
    ):
        METHODS.get("mean")("log_loss", 3).fit(np.full((5, 4), 0.1), np.arange(5) % 3)


class Given:
    """Cross-fitted predictions of methods that are told beforehand."""

    def __init__(self, oofs):
        self.oofs = oofs

    def choose(self, target, metric, split):
        auto = Auto(metric=metric, n_outputs=self.oofs["mean"].shape[1])
        auto.trials_ = {name: Trial(None, oof, 0.0, 0.0, 0.0) for name, oof in self.oofs.items()}
        return auto, auto._choose(target, metric, split)


@pytest.mark.parametrize("ordered", [False, True])
def test_auto_chooses_for_a_fold_by_the_others(ordered):
    """A method that is good in one fold only is not the one by which that fold is blended."""
    target, folds = np.zeros((500, 1)), np.arange(500) // 100
    steady = np.ones((500, 1), np.float32)
    lucky = np.where(folds[:, None] == 2, 0.0, 1.05).astype(np.float32)
    made, table = Given({"mean": steady, "convex": lucky}).choose(
        target, find_metric("rmse"), Split(folds, ordered=ordered)
    )
    assert made.chosen_ == "convex"
    assert set(table) == {"mean", "convex"}
    np.testing.assert_array_equal(made.oof_[folds == 2], steady[folds == 2])
    np.testing.assert_array_equal(made.oof_[folds < 2], (steady if ordered else lucky)[folds < 2])
    np.testing.assert_array_equal(made.oof_[folds > 2], lucky[folds > 2])


def test_auto_s_score_does_not_flatter_its_choice():
    """Of twenty methods that guess, one looks good; the score is that of guessing."""
    claims, best = [], []
    for seed in range(10):
        random = np.random.default_rng(seed)
        target, folds = random.integers(2, size=200), np.arange(200) % 5
        names = ["mean", *(f"m{k}" for k in range(19))]
        guesses = {name: random.dirichlet(np.ones(2), size=200).astype(np.float32) for name in names}
        made, _ = Given(guesses).choose(target, find_metric("accuracy"), Split(folds))
        claims.append(find_metric("accuracy")(target, made.oof_))
        best.append(max(find_metric("accuracy")(target, oof) for oof in guesses.values()))
    assert np.mean(best) > 0.55
    assert np.mean(claims) < 0.53
