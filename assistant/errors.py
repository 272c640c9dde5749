"""The errors that this package raises. Each message says what, where, and what to do."""

from __future__ import annotations


class AssistantError(Exception):
    """Root of every error that a user of this package is meant to see."""


class SettingsError(AssistantError):
    """An option or an environment variable has a value that cannot be used."""


class QuestionError(AssistantError):
    """The question is empty or longer than a question can be."""


class ArticlesNotFound(AssistantError):
    """There is no such folder or file of articles."""


class NothingReadable(AssistantError):
    """None of the files could be read as an article; `reasons` has a line for each."""

    def __init__(self, message: str, reasons: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.reasons = reasons


class ArticleNotFound(AssistantError):
    """The index holds no article of this id."""


class ArticleUnreadable(AssistantError):
    """One file, or one line of one, cannot be read as an article; a build lists it and goes on."""


class IndexNotFound(AssistantError):
    """There is no index in the folder."""


class IndexCorrupt(AssistantError):
    """Files of the index are missing, damaged, or do not belong together."""


class IndexUnreachable(AssistantError):
    """The server that an index lies on cannot be reached, is too slow, or refuses."""


class IndexFormatUnsupported(AssistantError):
    """The index was written by a version of the package whose format this one does not read."""


class NothingToRollBack(AssistantError):
    """There is no other generation of the index, or none that is whole, to put back in use."""


class IndexLocked(AssistantError):
    """Another process is writing to the index."""


class ModelNotFound(AssistantError):
    """The embedding model cannot be found or loaded."""


class ModelMismatch(AssistantError):
    """The index was built with another embedding model than the one to search it with."""


class CasesUnreadable(AssistantError):
    """The file of evaluation cases cannot be read."""


class ServerError(AssistantError):
    """The chat cannot be served, because its port is taken, for example."""


class IndexUnwritable(AssistantError):
    """The index cannot be written: no space, no permission."""


class RecallTooLow(AssistantError):
    """The index's vectors cannot be searched well enough: too few of the nearest are found."""


class BuildCancelled(AssistantError):
    """A build was cancelled; an index that was there is unchanged."""


class BuildInterrupted(AssistantError):
    """A process of a build ended before its work was done; an index that was there is unchanged."""


class ShardError(AssistantError):
    """Shards of a build cannot be merged: they are not whole, or not of the same build."""


class EditError(AssistantError):
    """An article cannot be added to the folder, or not be taken out of it again."""


class AnswerFileError(AssistantError):
    """A file of a saved answer cannot be read, is not sound, or cannot be written."""


class ExportError(AssistantError):
    """The articles of an index cannot be written to a file."""


class EndpointError(AssistantError):
    """The language model cannot be reached, is too slow, or sends what cannot be used."""


class FetchError(AssistantError):
    """A page or a feed cannot be fetched from the web, or must not be."""


class HostRefused(FetchError):
    """The host of a page cannot be reached, or its address must not be connected to."""
