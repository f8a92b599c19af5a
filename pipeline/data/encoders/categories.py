"""Categories of any cardinality as numbers."""

from __future__ import annotations

import copy
from collections.abc import Collection
from typing import Any, Literal

import numpy as np

from pipeline.data.levels import level_numbers, packed_words, unpacked_words

Style = Literal["tree", "native", "dense"]

MANY_LEVELS = 10  # from here on a column is also encoded by its mean target
TOO_MANY_LEVELS = 100  # from here on a column has no native codes, but counts
ONE_HOT_LEVELS = 50  # most columns that one-hot encoding makes of one
MOST_TARGETS = 20  # with more classes the mean target has too many columns to be of use


class CategoryEncoder:
    """Encodes columns of names; "" is missing, a level like others.

    Few levels: codes (style "tree", for the native handling of categories; a level not seen in
    training is NaN) or one-hot columns with rare levels put together ("dense"). From 10 levels
    on also the mean target of the level, shrunk to the overall mean by an empirical Bayes rule
    and cross-fitted inside the training rows (scikit-learn's TargetEncoder; Micci-Barreca,
    SIGKDD Explorations 3(1), 2001). From 100 levels on, in place of codes, the logarithm of how
    many rows share the level. Style "native" gives codes alone, of columns with any number of
    levels: for a model that finds its own way with categories.

    Args:
        style: what the features are for.
        seed: of the cross-fitting.
    """

    def __init__(self, style: Style, seed: int) -> None:
        self.style = style
        self.seed = seed

    def fit_transform(
        self, columns: dict[str, np.ndarray], targets: np.ndarray, uncoded: Collection[str] = ()
    ) -> np.ndarray:
        """Learns from the training rows and returns their features.

        Args:
            columns: str objects (rows,) by name, at least one.
            targets: float (rows, targets) for the mean target; one-hot columns for classes.
            uncoded: columns given by counts and mean target alone, however few their levels.

        Returns:
            float32 (rows, features): not what `transform` gives for the same rows, since a row's
            own target and its own count are kept out of its mean target and the counts.
        """
        levels = {name: len(set(values.tolist())) for name, values in columns.items()}
        few = [name for name in columns if self.style != "tree" or levels[name] <= TOO_MANY_LEVELS]
        self.coded_ = [name for name in few if name not in uncoded]
        native = self.style == "native"
        many = [name for name in columns if levels[name] > TOO_MANY_LEVELS or name in uncoded]
        self.counted_ = [] if native else many
        usable = not native and targets.shape[1] <= MOST_TARGETS and len(targets) >= 2 * CROSS_FITS
        self.meant_ = [
            name for name in columns if usable and (levels[name] >= MANY_LEVELS or name in uncoded)
        ]
        self.counts_ = {name: _counts(columns[name]) for name in self.counted_}
        blocks = [_counted(columns[name], self.counts_[name], own=0) for name in self.counted_]
        blocks += self._fit_means(columns, targets)
        if self.coded_:
            self.coder_ = self._coder(len(targets))
            blocks.insert(0, self.coder_.fit_transform(_stack(columns, self.coded_)))
        return np.hstack(blocks).astype(np.float32)

    def _coder(self, rows: int):
        from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

        if self.style != "dense":
            return OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
        rarest = max(2, min(10, rows // 100))
        return OneHotEncoder(
            min_frequency=rarest,
            max_categories=ONE_HOT_LEVELS,
            handle_unknown="infrequent_if_exist",
            sparse_output=False,
            dtype=np.float32,
        )

    def _fit_means(self, columns: dict[str, np.ndarray], targets: np.ndarray) -> list[np.ndarray]:
        from sklearn.model_selection import KFold
        from sklearn.preprocessing import TargetEncoder

        self.means_ = []
        if not self.meant_:
            return []
        self.levels_ = {name: sorted(set(columns[name].tolist())) for name in self.meant_}
        values = self._numbered(columns)
        folds = KFold(CROSS_FITS, shuffle=True, random_state=self.seed)
        self.means_ = [TargetEncoder(target_type="continuous", cv=folds) for _ in targets.T]
        return [
            encoder.fit_transform(values, column)
            for encoder, column in zip(self.means_, targets.T, strict=True)
        ]

    def _numbered(self, columns: dict[str, np.ndarray]) -> np.ndarray:
        """Returns int64 (rows, meant columns): each level's number, -1 where the training rows lack it.

        scikit-learn's encoder is slower over words than over numbers.
        """
        return np.column_stack(
            [level_numbers(np.array(self.levels_[name], dtype=object), columns[name]) for name in self.meant_]
        )

    def transform(self, columns: dict[str, np.ndarray]) -> np.ndarray:
        """Returns float32 (rows, features) of rows that the encoder has not seen."""
        blocks = [_counted(columns[name], self.counts_[name], own=1) for name in self.counted_]
        if self.meant_:
            values = self._numbered(columns)
            blocks += [encoder.transform(values) for encoder in self.means_]
        if self.coded_:
            blocks.insert(0, self.coder_.transform(_stack(columns, self.coded_)))
        return np.hstack(blocks).astype(np.float32)

    def __getstate__(self) -> dict[str, Any]:
        """Returns what a file holds: words packed, for there may be 100,000 of them in pairs of columns."""
        state = dict(vars(self))
        if "counts_" in state:
            state["counts_"] = {
                name: [packed_words(counts), np.array(list(counts.values()), np.int64)]
                for name, counts in self.counts_.items()
            }
        if "levels_" in state:
            state["levels_"] = {name: packed_words(words) for name, words in self.levels_.items()}
        if "coder_" in state:
            state["coder_"] = copy.copy(self.coder_)
            state["coder_"].categories_ = [packed_words(words) for words in self.coder_.categories_]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        if "counts_" in state:
            self.counts_ = {
                name: dict(zip(unpacked_words(words), counts.tolist(), strict=True))
                for name, (words, counts) in state["counts_"].items()
            }
        if "levels_" in state:
            self.levels_ = {name: unpacked_words(words) for name, words in state["levels_"].items()}
        if "coder_" in state:
            self.coder_ = copy.copy(state["coder_"])
            words = [unpacked_words(words) for words in state["coder_"].categories_]
            self.coder_.categories_ = [np.array(some, dtype=object) for some in words]

    def names(self) -> list[str]:
        """Returns the features' names; those of native codes are the columns' own."""
        names: list[str] = []
        if self.coded_:
            coded = self.coder_.get_feature_names_out(self.coded_) if self.style == "dense" else self.coded_
            names += [str(name) for name in coded]
        names += [f"{name}.count" for name in self.counted_]
        return names + [f"{name}.mean.{index}" for index in range(len(self.means_)) for name in self.meant_]

    @property
    def native(self) -> list[int]:
        """Positions of the features that are codes of categories, not amounts."""
        return [] if self.style == "dense" else list(range(len(self.coded_)))


CROSS_FITS = 5


def _stack(columns: dict[str, np.ndarray], names: list[str]) -> np.ndarray:
    return np.column_stack([columns[name] for name in names]).astype(object)


def _counts(values: np.ndarray) -> dict[str, int]:
    levels, counts = np.unique(values.astype(str), return_counts=True)
    return dict(zip(levels.tolist(), counts.tolist(), strict=True))


def _counted(values: np.ndarray, counts: dict[str, int], own: int) -> np.ndarray:
    """Returns log(1 + rows that share the level), (rows, 1).

    A training row is one of the rows counted; `own` adds the row itself for any other row, so that
    a level with a single row looks alike on both sides. Missing values share nothing.
    """
    shared = [counts.get(value, 0) + own if value else 0 for value in values.tolist()]
    return np.log1p(np.array(shared, dtype=np.float64))[:, None]
