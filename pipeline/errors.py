"""The errors a user may see: one sentence about what is wrong, one about what to do."""


class PipelineError(Exception):
    """Something went wrong that the user can act on.

    Args:
        message: What is wrong and where, in one sentence.
        hint: What to do about it; may be empty.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


class ConfigError(PipelineError):
    """A setting is missing, unknown or of the wrong kind."""

    exit_code = 2


class UnavailableError(PipelineError):
    """Kafka, Flink, the network or a local process cannot be reached or has not come up."""

    exit_code = 3


class JobError(PipelineError):
    """A Flink job could not be started, stopped or found."""

    exit_code = 4


class InputError(PipelineError):
    """A file or a topic holds something that cannot be used."""

    exit_code = 5
