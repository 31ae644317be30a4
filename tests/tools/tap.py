# SPDX-License-Identifier: BSD-3-Clause
"""A test program's tests, told in the Test Anything Protocol: unittest's classes, and functions that are
called test_...; the first line of its docstring is a test's name."""
import contextlib
import inspect
import io
import sys
import unittest


class _Tap(unittest.TestResult):
    """A line a test; what a failure says follows it as comments, with what the test printed."""

    def startTest(self, test):
        super().startTest(test)
        self.said = io.StringIO()
        self.held = contextlib.redirect_stdout(self.said)
        self.held.__enter__()

    def _say(self, test, good, more="", comment=""):
        self.held.__exit__(None, None, None)
        what = test.shortDescription() or test.id().rpartition(".")[2]
        print(f"{'ok' if good else 'not ok'} {self.testsRun} - {what}{more}")
        for line in comment.splitlines():
            print(f"# {line}")
        sys.stdout.flush()

    def addSuccess(self, test):
        self._say(test, True)

    def addSkip(self, test, reason):
        self._say(test, True, f" # SKIP {reason}")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._say(test, False, comment=self.failures[-1][1] + self.said.getvalue())

    def addError(self, test, err):
        super().addError(test, err)
        self._say(test, False, comment=self.errors[-1][1] + self.said.getvalue())


def main():
    """Runs the tests of the program, functions in the order of their lines; exits."""
    module = sys.modules["__main__"]
    functions = [f for name, f in vars(module).items() if name.startswith("test_") and inspect.isfunction(f)]
    functions.sort(key=lambda f: f.__code__.co_firstlineno)
    suite = unittest.defaultTestLoader.loadTestsFromModule(module)
    suite.addTests(unittest.FunctionTestCase(f) for f in functions)
    result = _Tap()
    print(f"1..{suite.countTestCases()}", flush=True)
    suite.run(result)
    sys.exit(not result.wasSuccessful())
