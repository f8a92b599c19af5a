"""Synonyms of keys, by habit or from a library: they lead to a hint, and are never accepted."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from pipeline.errors import did_you_mean

# The settings that every library of the field has a word for. A kind without one says what comes nearest.
FIELD = (
    "learning_rate",
    "n_estimators",
    "max_depth",
    "num_leaves",
    "subsample",
    "colsample_bytree",
    "reg_lambda",
    "reg_alpha",
    "min_child_samples",
    "batch_size",
    "weight_decay",
)

# Keys with one meaning, the likeliest first, and what else people call it.
MEANINGS: tuple[tuple[str, str], ...] = (
    ("learning_rate", "lr eta rate shrinkage shrinkage_rate"),
    ("head_learning_rate", "head_rate head_lr lr_head"),
    (
        "n_estimators",
        "rounds max_rounds n_rounds num_round num_rounds nrounds num_boost_round num_iteration "
        "num_iterations iterations n_iter trees n_trees num_trees ntrees",
    ),
    (
        "early_stopping_rounds patience",
        "early_stopping_rounds patience early_stopping_round early_stopping early_stop stopping_rounds "
        "od_wait n_iter_no_change",
    ),
    ("num_leaves", "leaves n_leaves num_leaf max_leaf max_leaves max_leaf_nodes"),
    ("max_depth", "depth tree_depth"),
    (
        "min_child_samples min_samples_leaf",
        "min_child_samples min_samples_leaf min_rows min_data min_data_in_leaf min_data_per_leaf min_leaf",
    ),
    ("min_child_weight", "min_weight min_hessian min_sum_hessian min_sum_hessian_in_leaf"),
    ("colsample_bylevel", "rsm"),
    (
        "colsample_bytree colsample_bylevel max_features",
        "columns feature_fraction sub_feature colsample colsample_by_tree",
    ),
    ("subsample", "bagging bagging_fraction sub_row row_sample"),
    ("reg_lambda", "l2 lambda lambda_l2 l2_leaf_reg l2_reg l2_regularization"),
    ("reg_alpha", "l1 alpha lambda_l1 l1_reg l1_regularization"),
    ("batch_size", "batch bs batchsize mini_batch"),
    ("epochs", "epoch n_epoch n_epochs num_epochs epochs_num max_epochs"),
    ("weight_decay", "wd decay"),
    ("max_iter", "steps iterations n_iter num_iterations"),
    ("n_neighbors", "k neighbors neighbours n_neighbours"),
    ("metric", "distance"),
    ("weights", "weighting"),
    ("units", "hidden hidden_size hidden_dim width"),
    ("layers", "n_layers num_layers n_blocks depth"),
    ("size", "img_size image_size input_size resolution"),
    ("backbone", "arch architecture encoder model_name"),
    ("dropout", "drop_rate dropout_rate"),
    ("clip", "clipnorm global_clipnorm clip_grad grad_clip gradient_clip max_grad_norm"),
    ("schedule", "scheduler lr_scheduler"),
    ("warmup", "warmup_ratio warmup_epochs warmup_steps"),
    ("averaging", "ema swa"),
    ("mixed_precision", "fp16 amp"),
    ("augment", "aug augmentation augmentations"),
    ("tta", "test_time_augmentation"),
    ("seed", "random_state random_seed"),
    ("n", "k n_folds n_splits num_folds"),
)

SYNONYMS: dict[str, tuple[str, ...]] = {}
for _keys, _words in MEANINGS:
    for _word in _words.split():
        _others = tuple(key for key in _keys.split() if key != _word)
        SYNONYMS[_word] = SYNONYMS.get(_word, ()) + _others


def meant(name: str) -> tuple[str, ...]:
    """Returns the keys that a word may stand for, the word itself as a key is written first."""
    word = str(name).casefold().replace("-", "_").replace(" ", "_")
    return word, *SYNONYMS.get(word, ())


def nearest(name: str, known: Collection[str]) -> str:
    """Returns " Did you mean 'x'?" for a known name of the same meaning, else the one spelled most alike."""
    same = [key for key in meant(name) if key in known and key != name]
    return f" Did you mean {same[0]!r}?" if same else did_you_mean(name, known)


def hint(name: str, known: Collection[str], instead: Mapping[str, str]) -> str:
    """Returns what to say of an unknown key: the known one of that meaning, or what comes nearest to it.

    Args:
        name: as it was typed.
        known: keys of the section.
        instead: a name of the field that the section lacks -> a sentence that names the nearest.
    """
    words = meant(name)
    if not any(word in known for word in words):
        for word in words:
            if word in instead:
                return f" {instead[word]}"
        if any(word in FIELD for word in words):
            return " This kind has nothing like it."
    return nearest(name, known)
