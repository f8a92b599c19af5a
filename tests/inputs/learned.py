"""What the models of a run learned, told by their answers."""


def answers_of_training_rows(run, names):
    """Returns the first fold, and what each model's fit of it says of the rows that it learned from."""
    fold, found = next(iter(run.folds)), []
    for name in names:
        path = run.made(run.fit_product(name, fold)) / "model" / "seed0"
        experiment = run.experiment(name)
        model = experiment.make().load(path)
        found.append(model.predict(experiment.train.rows(fold.train)))
    return fold, found
