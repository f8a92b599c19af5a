"""Stand-ins for the contests of tables: the columns that their YAMLs name, with invented contents."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

SYLLABLES = ("bra", "den", "ko", "lin", "mar", "ner", "os", "pel", "ru", "sel", "tam", "vik")
TITLES = {"male": ("Mr.", "Master."), "female": ("Mrs.", "Miss.")}
QUALITY = ("Ex", "Gd", "TA", "Fa")

# Columns of house prices: name -> how many values a category has, or (low, high) of a whole number.
HOUSE_CATEGORIES = {
    **dict.fromkeys(("Street", "Alley", "Utilities", "CentralAir"), 2),
    **dict.fromkeys(("LotShape", "LandContour", "LandSlope", "PavedDrive", "GarageFinish", "PoolQC"), 3),
    **dict.fromkeys(("MSZoning", "LotConfig", "BldgType", "MasVnrType", "BsmtExposure", "Fence"), 4),
    **dict.fromkeys(("RoofStyle", "RoofMatl", "Foundation", "Heating", "Electrical", "MiscFeature"), 4),
    **dict.fromkeys(("Condition1", "Condition2", "HouseStyle", "Functional", "GarageType", "SaleType"), 5),
    **dict.fromkeys(("BsmtFinType1", "BsmtFinType2", "SaleCondition"), 6),
    **dict.fromkeys(("Exterior1st", "Exterior2nd", "Neighborhood"), 12),
}
HOUSE_QUALITIES = (
    *("ExterQual", "ExterCond", "BsmtQual", "BsmtCond", "HeatingQC"),
    *("KitchenQual", "FireplaceQu", "GarageQual", "GarageCond"),
)
HOUSE_NUMBERS = {
    **{"MSSubClass": (20, 190), "LotFrontage": (20, 140), "LotArea": (1500, 20000), "OverallQual": (1, 10)},
    **{
        "OverallCond": (1, 9),
        "YearBuilt": (1880, 2009),
        "YearRemodAdd": (1950, 2010),
        "MasVnrArea": (0, 600),
    },
    **{"BsmtFinSF1": (0, 1400), "BsmtFinSF2": (0, 500), "BsmtUnfSF": (0, 1500), "TotalBsmtSF": (0, 2200)},
    **{"1stFlrSF": (400, 2200), "2ndFlrSF": (0, 1200), "LowQualFinSF": (0, 80), "GrLivArea": (500, 3200)},
    **{"BsmtFullBath": (0, 2), "BsmtHalfBath": (0, 1), "FullBath": (0, 3), "HalfBath": (0, 2)},
    **{"BedroomAbvGr": (0, 6), "KitchenAbvGr": (0, 2), "TotRmsAbvGrd": (3, 11), "Fireplaces": (0, 3)},
    **{"GarageYrBlt": (1900, 2010), "GarageCars": (0, 4), "GarageArea": (0, 1000), "WoodDeckSF": (0, 500)},
    **{"OpenPorchSF": (0, 250), "EnclosedPorch": (0, 250), "3SsnPorch": (0, 200), "ScreenPorch": (0, 250)},
    **{"PoolArea": (0, 600), "MiscVal": (0, 900), "MoSold": (1, 12), "YrSold": (2006, 2010)},
}
HOUSE_GAPS = {  # shares of missing cells
    **{"Alley": 0.9, "PoolQC": 0.9, "MiscFeature": 0.9, "Fence": 0.8, "FireplaceQu": 0.5},
    **{"MasVnrType": 0.5, "LotFrontage": 0.2, "GarageYrBlt": 0.06, "GarageType": 0.06, "BsmtQual": 0.03},
    **{"Electrical": 0.01, "TotalBsmtSF": 0.01},
}


def write_titanic(root: Path, rows: int = 240, test_rows: int = 60, seed: int = 1) -> None:
    """Writes passengers: numbers, categories, a name, and cells that are missing."""
    rng = np.random.default_rng(seed)
    total = rows + test_rows
    sex = rng.choice(["male", "female"], total, p=[0.6, 0.4])
    level = rng.integers(1, 4, total)
    age = np.round(np.clip(rng.normal(30, 14, total), 0.5, 80), 1)
    drawn = rng.normal(0, 1, total)
    table = pd.DataFrame(
        {
            "PassengerId": np.arange(1, total + 1),
            "Survived": (drawn + 1.6 * (sex == "female") - 0.6 * (level - 2) - 0.02 * age > 0).astype(int),
            "Pclass": level,
            "Name": [_name(rng, TITLES[who]) for who in sex],
            "Sex": sex,
            "Age": _with_gaps(rng, age, 0.2),
            "SibSp": rng.poisson(0.5, total),
            "Parch": rng.poisson(0.4, total),
            "Ticket": [f"{rng.choice(['', 'PC ', 'A/5 '])}{rng.integers(1000, 99999)}" for _ in range(total)],
            "Fare": np.round(np.exp(rng.normal(4.4 - 0.7 * level, 0.5)), 4),
            "Cabin": _with_gaps(rng, _codes(rng, "ABCDEF", total), 0.75),
            "Embarked": _with_gaps(rng, rng.choice(["S", "C", "Q"], total, p=[0.7, 0.2, 0.1]), 0.01),
        }
    )
    _write(root, table, "PassengerId", "Survived", rows)


def write_house_prices(root: Path, rows: int = 200, test_rows: int = 60, seed: int = 2) -> None:
    """Writes houses: 79 columns, a third of them numbers, many with gaps; a skewed price."""
    rng = np.random.default_rng(seed)
    total = rows + test_rows
    columns: dict[str, np.ndarray] = {"Id": np.arange(1, total + 1)}
    for name, (low, high) in HOUSE_NUMBERS.items():
        columns[name] = rng.integers(low, high, total, endpoint=True)
    for name, values in HOUSE_CATEGORIES.items():
        shares = np.arange(values, 0, -1) ** 2
        columns[name] = rng.choice([f"{name[:2]}{k}" for k in range(values)], total, p=shares / shares.sum())
    for name in HOUSE_QUALITIES:
        columns[name] = rng.choice(QUALITY, total, p=[0.1, 0.3, 0.5, 0.1])
    worth = 10.6 + columns["GrLivArea"] / 2500 + columns["OverallQual"] / 9 + columns["GarageCars"] / 12
    worth += 0.2 * (columns["KitchenQual"] == "Ex") + rng.normal(0, 0.12, total)
    for name, share in HOUSE_GAPS.items():
        columns[name] = _with_gaps(rng, columns[name], share)
    columns["SalePrice"] = np.round(np.exp(worth), -2).astype(int)
    _write(root, pd.DataFrame(columns), "Id", "SalePrice", rows)


def write_otto(root: Path, rows: int = 270, test_rows: int = 60, seed: int = 3) -> None:
    """Writes products: 93 counts, nine classes, a probability of each asked for."""
    rng = np.random.default_rng(seed)
    total, classes = rows + test_rows, 9
    label = rng.permutation(np.arange(total) % classes)
    rates = rng.gamma(0.4, 1.0, (classes, 93))
    counts = rng.poisson(rates[label])
    table = pd.DataFrame(counts, columns=[f"feat_{k}" for k in range(1, 94)])
    table.insert(0, "id", np.arange(1, total + 1))
    table["target"] = [f"Class_{k + 1}" for k in label]
    write_probabilities(root, table, "id", "target", rows, "sampleSubmission.csv")


def write_probabilities(
    root: Path,
    table: pd.DataFrame,
    id_column: str,
    target: str,
    rows: int,
    sample: str = "sample_submission.csv",
) -> None:
    """Writes the tables of a contest whose sample has a column for every class."""
    _write(root, table, id_column, target, rows)
    (root / "sample_submission.csv").unlink()
    names = sorted(set(table[target]))
    asked = pd.DataFrame(1 / len(names), index=table.index[rows:], columns=names)
    asked.insert(0, id_column, table[id_column][rows:])
    asked.to_csv(root / sample, index=False)


def _write(root: Path, table: pd.DataFrame, id_column: str, target: str, rows: int) -> None:
    """Writes train.csv, test.csv and sample_submission.csv; the first `rows` rows are for training."""
    root.mkdir(parents=True, exist_ok=True)
    table[:rows].to_csv(root / "train.csv", index=False)
    table[rows:].drop(columns=target).to_csv(root / "test.csv", index=False)
    table[rows:][[id_column]].assign(**{target: 0}).to_csv(root / "sample_submission.csv", index=False)


def _with_gaps(rng: np.random.Generator, values: np.ndarray, share: float) -> np.ndarray:
    """Returns the values, a share of them missing."""
    gaps = rng.random(len(values)) < share
    return np.where(gaps, None if values.dtype.kind == "U" else np.nan, values)


def _codes(rng: np.random.Generator, letters: str, number: int) -> np.ndarray:
    return np.array([f"{rng.choice(list(letters))}{rng.integers(1, 120)}" for _ in range(number)])


def _name(rng: np.random.Generator, titles: tuple[str, ...]) -> str:
    family, given = ("".join(rng.choice(SYLLABLES, 2)).capitalize() for _ in range(2))
    return f"{family}, {rng.choice(titles)} {given}"
