"""Pictures of a search: its history, what mattered, and where good values lie."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from pipeline.search.request import Request
from pipeline.search.study import open_study

FEWEST = 4  # finished trials from which importances say anything
LONGEST = 18  # letters of a choice on an axis
DPI = 110


def draw_search(request: Request) -> list[Path]:
    """Draws the study of a request into the search's folder; returns the files."""
    import matplotlib

    matplotlib.use("Agg")
    from optuna.trial import TrialState
    from optuna.visualization import matplotlib as plots

    study = open_study(request.study_name, request.address, request.directions, request.pruner)
    finished = study.get_trials(deepcopy=False, states=[TrialState.COMPLETE])
    if not finished:
        return []
    target = {"target": lambda trial: trial.values[0]} if request.timed else {}
    folder = request.pictures
    folder.mkdir(parents=True, exist_ok=True)
    named: dict[str, Any] = {**target, "target_name": request.metric}
    drawn = [_save(plots.plot_optimization_history(study, **named), folder / "history.png")]
    names = sorted({name for trial in finished for name in trial.params})
    if len(finished) >= FEWEST and any(_varies(finished, name) for name in names):
        drawn.append(_save(plots.plot_slice(study, **named), folder / "slices.png"))
        if all(name in trial.params for trial in finished for name in names):
            if request.timed and request.greater_is_better:  # importance is that for low values then
                named["target"] = lambda trial: -trial.values[0]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # says that low values count: they do, see above
                figure = plots.plot_param_importances(study, **named)
            drawn.append(_save(figure, folder / "importances.png"))
    if request.timed:
        figure = plots.plot_pareto_front(study, target_names=[request.metric, "seconds"])
        drawn.append(_save(figure, folder / "pareto.png"))
    return drawn


def _varies(trials: list[Any], name: str) -> bool:
    return len({trial.params.get(name) for trial in trials}) > 1


def _save(axes: Any, path: Path) -> Path:
    """Writes the figure of one or several axes as a PNG."""
    import matplotlib.pyplot as plt
    import numpy as np
    from matplotlib.ticker import NullFormatter

    figure = np.ravel(axes)[0].figure
    for part in figure.axes:
        part.xaxis.set_minor_formatter(NullFormatter())  # of a short log axis: they lie over one another
        for label in part.get_xticklabels():
            if len(label.get_text()) > LONGEST and "$" not in label.get_text():
                label.set_rotation(30)
    figure.savefig(path, dpi=DPI, bbox_inches="tight")
    plt.close(figure)
    return path
