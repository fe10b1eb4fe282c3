"""Help in a notebook: ``stitchnb.help("forms")``, made from topics and docstrings."""

from __future__ import annotations

from typing import Any

from stitchnb._help.names import find_name, name_of
from stitchnb._help.pages import Page, contents, page_of_name, page_of_topic, read_topics
from stitchnb.errors import UnknownTopicError

__all__ = ["Page", "help"]


def help(about: Any = None) -> Page:
    """Return the help page of a topic, a name or an object.

    Parameters
    ----------
    about
        A topic such as ``"forms"``; a name such as ``"SourceForm"``, ``"client.sources.create"`` or
        ``"source.select"``; or an object: a class, a method, a source. None lists the topics.

    Returns
    -------
    Page
        Shown as a page in a notebook and as text in a terminal. ``.markdown`` is its text, ``.title`` its heading.

    Raises
    ------
    UnknownTopicError
        There is no such topic or name. The message suggests similar ones.

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
    name = about.strip()
    if name in topics:
        return page_of_topic(topics[name])
    try:
        return page_of_name(*find_name(name, topics))
    except UnknownTopicError:
        # Ignore case only now: `sandbox` is a topic, `Sandbox` a class.
        if name.lower() in topics:
            return page_of_topic(topics[name.lower()])
        raise
