"""The command line: flags to settings, result to report and exit status. No logic."""


def main() -> None:
    """Run the command."""
