"""``python -m regional_snapshots``: the command line."""

from regional_snapshots.cli import main

if __name__ == "__main__":
    main()
