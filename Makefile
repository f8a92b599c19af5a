# `make` alone prints this help.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# quiet TensorFlow's start-up, stop albumentations from calling the network
export TF_CPP_MIN_LOG_LEVEL ?= 2
export NO_ALBUMENTATIONS_UPDATE ?= 1
# tests run side by side: one process per core, at most 4 (each takes up to 2 GB); -n 0 in ARGS: none
SIDE_BY_SIDE := -n logical --maxprocesses 4 --dist worksteal

REQUIREMENTS := requirements$(if $(GPU),-gpu).txt
RUN := $(BIN)/python -m pipeline
OPTIONS = $(COMP) $(if $(DATA),--data "$(DATA)") $(ARGS)
BUDGETED = $(if $(BUDGET),--budget $(BUDGET))
SLUGGED = $(if $(SLUG),--slug "$(SLUG)")

.PHONY: help setup list data new audit train tune features folds predict ensemble submission report watch dashboard package distil reproduce submit board clean bench test mutants lint docs

help: ## show this help
	@echo "make train COMP=digits      data, folds, models, ensemble, submission: whatever is missing"
	@echo
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  COMP=NAME   the competition: configs/NAME.yaml"
	@echo "  DATA=PATH   its files, a folder or a zip, if not in data/NAME"
	@echo "  BUDGET=10m  train: what fits into the time, a valid submission in any case"
	@echo "  ARGS=\"...\"  passed through: --set models.cnn.size=96 --only lgbm --fold 0"

$(BIN)/.ready: requirements.txt requirements-gpu.txt constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
		|| { echo "error: Python 3.11 to 3.13 is needed; $(PYTHON) is `$(PYTHON) --version`. Use make PYTHON=python3.12"; exit 1; }
	@echo "setting up $(VENV) (once, a minute or two) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r $(REQUIREMENTS) -c constraints.txt
	@touch $@

# what comes on top: dev, kaggle, package, catboost, medical, postgres, ray, backends, dashboard
$(BIN)/.ready-%: $(BIN)/.ready requirements-%.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-$*.txt -c constraints.txt
	@touch $@

# KerasHub without what it asks for: see requirements-text.txt
$(BIN)/.ready-text: $(BIN)/.ready requirements-text.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-text.txt -c constraints.txt
	@touch $@

.PHONY: needs-comp
needs-comp:
	@test -n "$(COMP)" || { echo "error: which competition? For example: make $(MAKECMDGOALS) COMP=digits"; exit 1; }

setup: $(BIN)/.ready $(if $(KAGGLE),$(BIN)/.ready-kaggle) $(if $(PACKAGE),$(BIN)/.ready-package) $(if $(CATBOOST),$(BIN)/.ready-catboost) $(if $(TEXT),$(BIN)/.ready-text) $(if $(MEDICAL),$(BIN)/.ready-medical) $(if $(POSTGRES),$(BIN)/.ready-postgres) $(if $(RAY),$(BIN)/.ready-ray) $(if $(BACKENDS),$(BIN)/.ready-backends) $(if $(DASHBOARD),$(BIN)/.ready-dashboard) ## make the virtual environment (GPU=1: with CUDA; KAGGLE=1: Kaggle's commands; PACKAGE=1: to try notebooks; CATBOOST=1: CatBoost; TEXT=1: KerasHub; MEDICAL=1: DICOM and NIfTI; POSTGRES=1: its driver; RAY=1: Ray; BACKENDS=1: jax and torch; DASHBOARD=1: for make dashboard)

list: $(BIN)/.ready ## competitions, models, metrics, backbones and ensemble methods known
	@$(RUN) list

data: needs-comp $(BIN)/.ready ## fetch a contest's files from Kaggle into data/COMP [SLUG=its name there]
	@$(RUN) data $(COMP) $(SLUGGED) $(ARGS)

new: needs-comp $(BIN)/.ready ## draft configs/COMP.yaml from DATA=path [METRIC= TARGET= TRAIN= TEST= SAMPLE= ENCODING=]
	@$(RUN) new $(COMP) $(if $(DATA),--data "$(DATA)") $(if $(METRIC),--metric "$(METRIC)") \
		$(if $(TARGET),--target "$(TARGET)") $(if $(TRAIN),--train "$(TRAIN)") $(if $(TEST),--test "$(TEST)") \
		$(if $(SAMPLE),--sample "$(SAMPLE)") $(if $(ENCODING),--encoding "$(ENCODING)") $(ARGS)

audit: needs-comp $(BIN)/.ready ## look for what would make the score a lie: copies, leaks, shifts, wrong labels
	@$(RUN) audit $(OPTIONS)

train: needs-comp $(BIN)/.ready ## run every stage that is not done yet
	@$(RUN) train $(OPTIONS) $(BUDGETED) $(if $(WORKERS),--set workers=$(WORKERS))

tune: needs-comp $(BIN)/.ready $(if $(findstring postgres,$(STORAGE)),$(BIN)/.ready-postgres) ## search a model's parameters: MODEL=lgbm [TRIALS=100] [BUDGET=30m] [WORKERS=2] [STORAGE=postgresql://...]
	@test -n "$(MODEL)" || { echo "error: which model? For example: make tune COMP=$(COMP) MODEL=lgbm TRIALS=50"; exit 1; }
	@$(RUN) tune $(OPTIONS) --model $(MODEL) $(if $(TRIALS),--trials $(TRIALS)) $(BUDGETED) \
		$(if $(WORKERS),--workers $(WORKERS)) $(if $(STORAGE),--storage "$(STORAGE)")

features: needs-comp $(BIN)/.ready ## search features of the table, keep what gains on rows that it never saw [BUDGET=10m]
	@$(RUN) features $(OPTIONS) $(BUDGETED)

folds: needs-comp $(BIN)/.ready ## draw the folds and show them
	@$(RUN) folds $(OPTIONS)

predict: needs-comp $(BIN)/.ready ## predict new rows without training: ROWS=new.csv [OUT=predictions.csv]
	@$(RUN) predict $(OPTIONS) --rows "$(ROWS)" $(if $(OUT),--out "$(OUT)")

ensemble: needs-comp $(BIN)/.ready ## blend the predictions that there are
	@$(RUN) ensemble $(OPTIONS)

submission: needs-comp $(BIN)/.ready ## write the submission from the predictions that there are
	@$(RUN) submission $(OPTIONS)

report: needs-comp $(BIN)/.ready ## write runs/COMP/report.html again: what went well, what is odd, what to try next
	@$(RUN) report $(OPTIONS)

watch: needs-comp $(BIN)/.ready ## the same page on this machine, while it trains: loads again as folds end [PORT=8017]
	@$(RUN) watch $(OPTIONS) $(if $(PORT),--port $(PORT))

dashboard: needs-comp $(BIN)/.ready ## Optuna's page on searches, TensorBoard on learning curves (make setup DASHBOARD=1) [PORT=8080 STORAGE=postgresql://...]
	@$(RUN) dashboard $(OPTIONS) $(if $(PORT),--port $(PORT)) $(if $(STORAGE),--storage "$(STORAGE)")

package: needs-comp $(BIN)/.ready $(if $(filter 0,$(TRIAL)),,$(BIN)/.ready-package) ## models and a notebook that hands in without a network, tried [HIDDEN=rows OWNER=account IMAGE=freeze.txt TRIAL=0]
	@$(RUN) package $(OPTIONS) $(SLUGGED) $(if $(HIDDEN),--hidden $(HIDDEN)) $(if $(OWNER),--owner "$(OWNER)") \
		$(if $(IMAGE),--image "$(IMAGE)") $(if $(filter 0,$(TRIAL)),--no-trial)

distil: needs-comp $(BIN)/.ready ## one model learns what the ensemble says: score, time and size beside its own: MODEL=small [SHARE=0.5 TEMPERATURE=2]
	@test -n "$(MODEL)" || { echo "error: which model? For example: make distil COMP=$(COMP) MODEL=small"; exit 1; }
	@$(RUN) distil $(OPTIONS) --model $(MODEL) $(if $(SHARE),--share $(SHARE)) $(if $(TEMPERATURE),--temperature $(TEMPERATURE))

reproduce: $(BIN)/.ready ## make a submission again from the model card of its package, and compare: CARD=path [DATA=path]
	@test -n "$(CARD)" || { echo "error: which card? For example: make reproduce CARD=runs/NAME/package"; exit 1; }
	@$(RUN) reproduce "$(CARD)" $(if $(DATA),--data "$(DATA)") $(ARGS)

submit: needs-comp $(BIN)/.ready ## hand in the submission at Kaggle, wait for its score [MESSAGE="..." CODE=1: by the package's notebook]
	@$(RUN) submit $(OPTIONS) $(SLUGGED) $(if $(MESSAGE),--message "$(MESSAGE)") $(if $(CODE),--code) \
		$(if $(OWNER),--owner "$(OWNER)")

board: needs-comp $(BIN)/.ready ## the runs so far: scores, public scores, what changed in between
	@$(RUN) board $(COMP) $(ARGS)

clean: needs-comp $(BIN)/.ready ## remove products that the config does not use (ARGS=--all: all of them)
	@$(RUN) clean $(OPTIONS)

bench: $(BIN)/.ready-dev ## measure speed and memory against the plain way (CHECK=1: fail below a limit)
	@$(BIN)/python bench/speed.py $(if $(CHECK),--check) $(ARGS)

# one thread each for libraries that are told no number: those of all processes would fight for the cores
test: $(BIN)/.ready-dev ## run the tests, one process per core (ARGS="-m 'not slow'" for the quick ones)
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest $(SIDE_BY_SIDE) $(ARGS)

mutants: $(BIN)/.ready-dev ## put known faults into a copy of the code: the tests must see each (ARGS="-k seed")
	@$(BIN)/python -m tests.mutants.runner $(ARGS)

lint: $(BIN)/.ready-dev ## ruff and mypy
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

docs: $(BIN)/.ready ## write docs/configuration.md from the schema
	@PYTHONPATH=. $(BIN)/python docs/generate.py
