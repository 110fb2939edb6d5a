"""What went wrong, in one line that names the way out, and the exit code that says so."""

FAILED = 1
MISUSED = 2
INTERRUPTED = 130


class Failure(Exception):
    """Raised by a command that cannot do what it was asked to."""

    code = FAILED

    def __str__(self) -> str:
        return " ".join(super().__str__().split())


class Misuse(Failure):
    """The command line itself does not add up."""

    code = MISUSED
