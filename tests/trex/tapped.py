# SPDX-License-Identifier: BSD-3-Clause
"""unittest's tests, told in the Test Anything Protocol."""
import sys
import unittest


class _Tap(unittest.TestResult):
    """A line a test; what a failure says follows it as comments."""

    def _say(self, test, good, more=""):
        what = test.shortDescription() or test.id().rpartition(".")[2]
        print(f"{'ok' if good else 'not ok'} {self.testsRun} - {what}{more}", flush=True)

    def addSuccess(self, test):
        self._say(test, True)

    def addSkip(self, test, reason):
        self._say(test, True, f" # SKIP {reason}")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._say(test, False)
        print("# " + self.failures[-1][1].replace("\n", "\n# "))

    def addError(self, test, err):
        super().addError(test, err)
        self._say(test, False)
        print("# " + self.errors[-1][1].replace("\n", "\n# "))


def main(module):
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[module])
    print(f"1..{suite.countTestCases()}")
    result = _Tap()
    suite.run(result)
    sys.exit(not result.wasSuccessful())
