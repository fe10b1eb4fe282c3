"""``stitchnb app``: an account as a page for people who don't code, served by Voilà.

`start` finds the account and runs the server, `server` is the server, `page` runs in the page's kernel: one process for
each open page. They share one sandbox, which lives in the server's process: its API is reached
over HTTP. Everything else, such as loaded rows, is called through `rpc_server` and `rpc_client`.
"""
