"""Where the program begins: Ctrl-C is quiet from here on, while all else is still being loaded."""

import sys
from typing import Final, NoReturn

_INTERRUPTED: Final = 130  # as Exit has it, which is not loaded yet


def main() -> NoReturn:
    """Do what the arguments ask for, and exit with its code."""
    try:
        from receiver.cli.commands import obey

        code = obey()
    except KeyboardInterrupt:
        code = _INTERRUPTED
    sys.exit(code)


if __name__ == "__main__":
    main()
