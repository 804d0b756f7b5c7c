"""``python -m alharness``: the command, where its script is not on the path."""

from alharness.cli.main import main

if __name__ == "__main__":
    main()
