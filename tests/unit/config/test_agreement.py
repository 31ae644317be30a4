#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""culvertd --check and the JSON schema agree about files, and the schema in the tree is current.

usage: test_agreement.py CULVERTD SCHEMA CASES    speaks TAP

Each case is YAML that replaces sections of a small right file. What a schema cannot say (what
holds among several keys, ranges of durations, bits beyond a prefix) is left to other tests.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

try:
    import yaml
    from jsonschema import Draft202012Validator
except ImportError as error:
    print(f"1..0 # skip python3-yaml or python3-jsonschema is missing: {error}")
    sys.exit(0)

SMALLEST = {
    "ports": "ports: [{name: wan, device: 'af_packet:lns0'}]",
    "listeners": "listeners: [{address: 192.0.2.1/24}]",
    "tunnels": "tunnels: {secrets: [{secret-file: s}]}",
    "groups": "groups: [{name: clients, address: 10.88.0.1, pool: 10.88.1.0/24}]",
}


class Loader(yaml.SafeLoader):
    """YAML 1.2's core schema, as editors read files: yes, on and dates are words."""
    yaml_implicit_resolvers = {}


for kind, pattern in (("bool", r"^(true|false)$"), ("null", r"^(~|null|)$"),
                      ("int", r"^[-+]?[0-9]+$"), ("float", r"^[-+]?[0-9]*[.][0-9]+$")):
    Loader.add_implicit_resolver(f"tag:yaml.org,2002:{kind}", re.compile(pattern), None)
Loader.add_constructor("tag:yaml.org,2002:int", lambda _, node: int(node.value))


def whole_file(case):
    """The case and the sections that it does not have; `-NAME` in it leaves a section out."""
    rest = [text for key, text in SMALLEST.items()
            if not re.search(rf"^-?{key}(:|$)", case, re.M)]
    return "\n".join([re.sub(r"^-\w+$", "", case, flags=re.M)] + rest) + "\n"


def read_cases(path):
    """Yields (section, right?, YAML): lines `= section`, `+` or `-` for each case."""
    section, right, lines = "", None, []
    for line in path.read_text(encoding="utf-8").splitlines() + ["= end"]:
        if line[:2] in ("= ", "+ ", "- "):
            if right is not None:
                yield section, right, "\n".join(lines)
            right, lines = None, []
            if line[0] == "=":
                section = line[2:]
            else:
                right, lines = line[0] == "+", [line[2:]]
        elif line[:2] == "  " and right is not None:
            lines.append(line[2:])


def main(culvertd, schema_path, cases_path):
    schema_text = pathlib.Path(schema_path).read_text(encoding="utf-8")
    printed = subprocess.run([culvertd, "--schema"], capture_output=True, text=True, check=True)
    results = [("the committed schema is what culvertd --schema prints",
                [] if printed.stdout == schema_text else ["write it anew: culvertd --schema"])]
    validator = Draft202012Validator(json.loads(schema_text))
    Draft202012Validator.check_schema(validator.schema)
    sections, counts = {}, [0, 0]
    with tempfile.TemporaryDirectory() as folder:
        for name, content in (("s", "hush\n"), ("users.txt", "carol:hush\n"), ("5", "hush\n")):
            pathlib.Path(folder, name).write_text(content, encoding="utf-8")
            os.chmod(pathlib.Path(folder, name), 0o600)
        path = pathlib.Path(folder, "c.yaml")
        for section, right, case in read_cases(pathlib.Path(cases_path)):
            text = whole_file(case)
            path.write_text(text, encoding="utf-8")
            check = subprocess.run([culvertd, "--check", path], capture_output=True, text=True)
            problem = next(validator.iter_errors(yaml.load(text, Loader)), None)
            faults = sections.setdefault(section, [])
            counts[right] += 1
            if check.returncode not in (0, 3) or (check.returncode == 0) != right:
                faults.append(f"culvertd, exit code {check.returncode}: {case!r} {check.stderr}")
            if (problem is None) != right:
                faults.append(f"schema: {case!r} {'' if problem is None else problem.message}")
    results += [(f"agreement on {section}", faults) for section, faults in sections.items()]
    results.append(("enough files of both kinds",
                    [] if min(counts) >= 50 else [f"{counts[1]} right, {counts[0]} wrong"]))
    print(f"1..{len(results)}")
    for number, (name, faults) in enumerate(results, 1):
        print(f"{'not ok' if faults else 'ok'} {number} - {name}")
        for fault in faults:
            print("# " + fault.replace("\n", " "))


if __name__ == "__main__":
    main(*sys.argv[1:])
