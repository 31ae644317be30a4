# SPDX-License-Identifier: BSD-3-Clause
"""Tests that speak TAP: each function called test_... is one, and its docstring its name."""
import contextlib
import inspect
import io
import sys
import traceback


def main(module):
    """Runs the tests of a module, in the order of their lines; exits."""
    tests = [f for name, f in vars(module).items() if name.startswith("test_") and inspect.isfunction(f)]
    tests.sort(key=lambda f: f.__code__.co_firstlineno)
    failed = 0
    for number, test in enumerate(tests, 1):
        said = io.StringIO()
        try:
            with contextlib.redirect_stdout(said):
                test()
            print(f"ok {number} - {test.__doc__}", flush=True)
        except Exception:  # pylint: disable=broad-except
            failed += 1
            print(f"not ok {number} - {test.__doc__}")
            for line in (traceback.format_exc() + said.getvalue()).splitlines():
                print(f"# {line}", flush=True)
    print(f"1..{len(tests)}")
    sys.exit(failed != 0)
