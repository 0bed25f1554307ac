"""What the tests of `ctshim doctor` share."""

import json
import subprocess


def build(folder, name, code, *options, compiler="cc", suffix=".c"):
    """A program or library of a few lines; None when this compiler cannot make it."""
    source = folder / (name + suffix)
    source.write_text(code)
    done = subprocess.run([compiler, "-D_GNU_SOURCE", "-w", "-o", folder / name, source, *options],
                          capture_output=True, text=True)
    return folder / name if done.returncode == 0 else None


MAIN = "int main(void) { return 0; }\n"


def diagnose(shim, *args, status, env=None, **options):
    """The doctor's JSON, which must say what the text says, under the exit status that is wanted."""
    text = shim.ctshim("doctor", *args, env=env, **options).check(status).text
    told = shim.ctshim("doctor", "--json", *args, env=env, **options).check(status)
    answer = json.loads(told.out)
    assert answer["ok"] == (status == 0), answer
    lines = text.splitlines()
    for target in answer["targets"]:
        verdict = [line for line in lines if line.startswith(f"{target['target']}: ")]
        assert len(verdict) >= 1, text
        process = target["kind"] == "process"
        words = {True: "is served" if process else "can be served", None: "cannot tell",
                 False: "is not served" if process else "cannot be served"}
        assert verdict[-1].startswith(f"{target['target']}: {words[target['served']]}")
        for finding in target["findings"]:
            line = f"{finding['level']:<13}  {finding['subject']}: {finding['message']}"
            assert f"  {line}" in lines, (line, text)
        if target["files"]:
            counts = target["functions"]
            assert (f"{sum(counts.values())} imported: {counts['served']} served, {counts['harmless']} need no help, "
                    f"{counts['past']} go past the library") in text
    if answer["model"]:
        for step in answer["model"]["steps"]:
            assert any(step["step"] in line and step["message"] in line
                       and step["status"] in line.lower() for line in lines), (step, text)
    return answer


def examine(shim, *args, status, **options):
    """The one target's part of it."""
    (target,) = diagnose(shim, *args, status=status, **options)["targets"]
    return target


def findings(target, level=None):
    """The ids of its findings."""
    return {f["id"] for f in target["findings"] if level in (None, f["level"])}


def message(target, id):
    return next(f"{f['subject']}: {f['message']}" for f in target["findings"] if f["id"] == id)
