"""Command line of Portevoix."""


def main() -> int:
    """Run the command line."""
    return 0
