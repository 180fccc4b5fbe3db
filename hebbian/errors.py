"""What hebbian says when it cannot do what was asked: one sentence with the quantity, its value and the remedy."""


class HebbianError(Exception):
    """Base of every error that hebbian raises on purpose."""


class InvalidInput(HebbianError, ValueError):
    """A value that the user gave is outside its allowed range."""


class NotDefined(HebbianError):
    """The verb exists, but not for this family or this variant of the model."""


class NoSolution(HebbianError):
    """The requested branch of the theory does not exist at this point."""


class NotConverged(HebbianError):
    """A solver stopped above its residual bound; the message carries the residual reached."""


class StoreError(HebbianError):
    """A results directory or file cannot be used as it stands."""
