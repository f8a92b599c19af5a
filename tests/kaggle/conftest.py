"""A stand-in for Kaggle's command line: it takes the same words, keeps its state in a folder and answers
as version 2.2 does (its source: github.com/Kaggle/kaggle-cli)."""

import json
import sys

import pytest

STAND_IN = """\
#!{python}
import json, pathlib, shutil, sys

state = pathlib.Path({state!r})
facts = json.loads((state / "facts.json").read_text())
words = sys.argv[1:]
with (state / "calls").open("a") as file:
    file.write(json.dumps(words) + "\\n")
if facts.get("fails"):
    print(facts.get("says", ""))
    print(facts["fails"], file=sys.stderr)
    sys.exit(1)
group, command, *rest = words
if group == "datasets":
    named = state / "datasets.json"
    known = json.loads(named.read_text()) if named.exists() else []
    if command == "list":
        print("ref,title,size" if known else "No datasets found")
        for name in known:
            print(f"{{name}},x,1")
    elif command == "status":
        print("ready")
    else:
        folder = pathlib.Path(rest[rest.index("-p") + 1])
        name = json.loads((folder / "dataset-metadata.json").read_text())["id"]
        assert (command == "version") == (name in known) and rest[rest.index("--dir-mode") + 1] == "zip"
        named.write_text(json.dumps([*known, name]))
        print("Your private Dataset is being created. Please check progress at https://www.kaggle.com/x")
    sys.exit(0)
if group == "kernels":
    run = state / "kernel.json"
    version, asked = json.loads(run.read_text()) if run.exists() else (0, 0)
    if command == "push":
        said = json.loads((pathlib.Path(rest[1]) / "kernel-metadata.json").read_text())
        if facts.get("kernel_refused"):
            print("The following are not valid dataset sources and could not be added to the kernel: "
                  + str(said["dataset_sources"]))
        print(f"Kernel version {{version + 1}} successfully pushed.  Please check progress at https://x")
        run.write_text(json.dumps([version + 1, 0]))
    else:
        done = asked >= facts.get("kernel_polls", 0)
        state_of = facts.get("kernel", "COMPLETE") if done else "RUNNING"
        run.write_text(json.dumps([version, asked + 1]))
        print(f'{{rest[0]}} has status "KernelWorkerStatus.{{state_of}}"')
    sys.exit(0)
option = dict(zip(rest[::2], rest[1::2]))
assert group == "competitions" and option["-c"]
listed = state / "submissions.json"
rows = json.loads(listed.read_text()) if listed.exists() else []
if command == "download":
    print("Downloading", option["-c"] + ".zip", "to", option["-p"])
    print("100%|#####| 1.0M/1.0M", file=sys.stderr)
    shutil.copy(state / "data.zip", pathlib.Path(option["-p"]) / (option["-c"] + ".zip"))
elif command == "submit":
    if facts.get("refuses"):
        print("Could not submit to competition", end="")
        sys.exit(0)
    text = "" if "-k" in option else pathlib.Path(option["-f"]).read_text()
    rows.insert(0, dict(description=option["-m"], polls=0, file=text))
    listed.write_text(json.dumps(rows))
    print("Successfully submitted to Toy", end="")
elif command == "submissions":
    print("Warning: Your Kaggle API key is readable by other users on this system!")
    if not rows:
        print("No submissions found")
        sys.exit(0)
    print("ref,fileName,date,description,status,publicScore,privateScore")
    for number, row in enumerate(reversed(rows)):
        row["polls"] += 1
        row["ref"] = 100 + number
    for row in rows:
        done = row["polls"] > facts.get("pending", 0)
        status = facts.get("status", "COMPLETE") if done else "PENDING"
        score = facts.get("score", "0.81000") if status == "COMPLETE" else ""
        print(f'{{row["ref"]}},submission.csv,2026-11-21 10:00:00,"{{row["description"]}}",'
              f"SubmissionStatus.{{status}},{{score}},")
    listed.write_text(json.dumps(rows))
"""


class Kaggle:
    """Sets what the stand-in answers, and tells what it was asked."""

    def __init__(self, state):
        self.state = state
        self.answers()

    def answers(self, **facts):
        (self.state / "facts.json").write_text(json.dumps(facts))

    @property
    def calls(self):
        path = self.state / "calls"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def asked(self, command):
        return [words for words in self.calls if words[1] == command]


@pytest.fixture
def kaggle(tmp_path, monkeypatch):
    state, folder = tmp_path / "kaggle-state", tmp_path / "bin"
    state.mkdir()
    folder.mkdir()
    program = folder / "kaggle"
    program.write_text(STAND_IN.format(python=sys.executable, state=str(state)), encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    return Kaggle(state)
