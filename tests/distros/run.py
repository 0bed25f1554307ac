"""The library and the command on other distributions than the one they were built on.

    run.py [PYTEST OPTION]...   exit status 0: all is as it should be; 1: it is not; 77: skipped, saying why
"""

import sys
from pathlib import Path

import pytest
from folders import SUITES, Folder, NotMade, obstacle

SKIPPED = 77


def main(options):
    why = obstacle()
    if why is not None:
        print(f"check-distros: skipped: {why}")
        return SKIPPED
    made = 0
    for suite in SUITES:
        try:
            Folder(suite).make()
            made += 1
        except NotMade as e:
            print(f"{suite}: skipped: {e}")
    if made == 0:
        print("check-distros: skipped: there is no folder to run in")
        return SKIPPED
    here = Path(__file__).resolve().parent
    return int(pytest.main(["-q", "-rs", "-p", "no:cacheprovider", "--rootdir", str(here),
                            str(here / "test_distros.py"), *options]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
