"""``stitchnb app``: an account as a page for people who do not code, served by Voilà.

`start` decides which account it is and runs the server; `server` is the server; `page` is what the page's kernel runs,
one process for each page that is open. They share one sandbox, which lives in the server's process: its API is reached
over HTTP, and what is no API, such as the rows that landed, by `sandbox_calls` and `remote_sandbox`.
"""
