"""Help to be read in a notebook: ``stitchnb.help("forms")``, made from what the code says of itself."""

from __future__ import annotations

from typing import Any

from stitchnb._help.names import find_name, name_of
from stitchnb._help.pages import Page, contents, page_of_name, page_of_topic, read_topics
from stitchnb.errors import UnknownTopicError

__all__ = ["Page", "help"]


def help(about: Any = None) -> Page:
    """Explain a topic, or one name, on a page that a notebook shows as such and a terminal as text.

    Parameters
    ----------
    about
        A topic such as ``"forms"``; a name such as ``"SourceForm"``, ``"client.sources.create"`` or
        ``"source.select"``; or an object: a class, a method, a source. None gives the list of topics.

    Returns
    -------
    Page
        It shows itself. ``.markdown`` is its text, ``.title`` its heading.

    Raises
    ------
    UnknownTopicError
        There is neither such a topic nor such a name; the near ones are offered.

    Examples
    --------
    >>> stitchnb.help("client.sources.pause").title
    'client.sources.pause'
    >>> try:
    ...     stitchnb.help("selektion")
    ... except stitchnb.StitchError as error:
    ...     print(error)
    There is no help on 'selektion'. Did you mean 'selection'?
    """
    if about is None:
        return contents(read_topics())
    if not isinstance(about, str):
        return page_of_name(*name_of(about))
    topics = {topic.name: topic for topic in read_topics()}
    wanted = about.strip()
    if wanted in topics:
        return page_of_topic(topics[wanted])
    try:
        return page_of_name(*find_name(wanted, topics))
    except UnknownTopicError:
        # Only now without capitals: `sandbox` is a topic, and `Sandbox` a class.
        if wanted.lower() in topics:
            return page_of_topic(topics[wanted.lower()])
        raise
