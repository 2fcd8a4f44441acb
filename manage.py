#!/usr/bin/env python
"""Run a management command; the embedded PostgreSQL starts by itself when a command needs the database."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "creditpath.settings")
    from django.core.management import execute_from_command_line

    from creditpath.errors import DomainError

    try:
        execute_from_command_line(sys.argv)
    except DomainError as error:  # from Django's own commands; ours say it themselves
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
