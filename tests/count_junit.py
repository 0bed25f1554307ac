"""Print the counts of a pytest junit report: lines "passed N", "failed N", "skipped N"."""

import sys
import xml.etree.ElementTree as ElementTree


def main():
    total = failed = skipped = 0
    for suite in ElementTree.parse(sys.argv[1]).getroot().iter("testsuite"):
        total += int(suite.get("tests", 0))
        failed += int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        skipped += int(suite.get("skipped", 0))
    # A test that passes and whose teardown fails is counted as a test and as an error.
    print("passed", max(0, total - failed - skipped))
    print("failed", failed)
    print("skipped", skipped)


main()
