"""``python -m stitchnb``: the command ``stitchnb``. In a clone it also installs what is missing."""

import sys

from stitchnb._bootstrap import OLDEST, bootstrap, missing_packages


def main() -> int:
    """Run the command and return its exit status."""
    arguments = sys.argv[1:]
    # What the commands are can be read without anything that has to be installed.
    is_question = not arguments or arguments[0] in ("-h", "--help", "--version")
    if (is_question and sys.version_info >= OLDEST) or not missing_packages():
        from stitchnb.cli import main as run

        return run(arguments)
    return bootstrap(arguments)


if __name__ == "__main__":
    sys.exit(main())
