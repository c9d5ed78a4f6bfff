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


class UnansweredError(UnavailableError):
    """A request was sent, and no answer came; the next one may well be answered."""


class JobError(PipelineError):
    """A Flink job could not be started, stopped or found."""

    exit_code = 4


class ChangedError(JobError):
    """A job's SQL differs from the SQL that produced its state, and the user has to decide.

    Args:
        name: The job's name.
        state: The newest restore point and its time, in words: `savepoint of 2026-01-05 08:04`.
        original_known: Whether the original SQL is recorded, so that the job can run as before.
        certain: Whether the SQL is known to differ; False when what produced the state is unknown.
    """

    def __init__(
        self, name: str, state: str, *, original_known: bool, certain: bool = True
    ) -> None:
        hint = f"Start it without its state: `fraudwatch start {name} --fresh`"
        if original_known:
            hint += f"; or as it was then: `fraudwatch start {name} --as-before`"
        changed = f"{name} has changed since its {state}."
        unknown = f"The SQL that produced the {state} of {name} is unknown."
        super().__init__(changed if certain else unknown, f"{hint}.")
        self.original_known = original_known


class InputError(PipelineError):
    """A file or a topic has contents that cannot be used."""

    exit_code = 5
