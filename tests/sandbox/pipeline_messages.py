"""Texts of messages about connectors, warehouses and workers that several tests need.

To reword one of these messages, change it here. A text that only one test asserts is in that test's table.
"""

# Workers
EXECUTOR_FAILED = "The executor could not run the {} task: "
EXECUTOR_CLOSED = "The executor accepts no more tasks"
WORKER_LOST = "The worker that started this task was lost."
FOLDER_NOT_SHARED = "The worker cannot use the folder {}"

# Connectors
NO_SSH_TUNNEL = "does not open SSH tunnels"
UNKNOWN_CONNECTOR_METHODS = "check, discover, extract"
CSV_LINE_TOO_SHORT = "line 3 has 1 value, but the header has 2"
TAP_SILENT = "it wrote nothing for 300 s and was ended"
TAP_WROTE_NO_STDERR = "It wrote nothing to standard error."
TAP_FAILED = "it ended with exit status {}"
TAP_TEXT_NOT_JSON = "text that is not JSON"
TAP_NO_MESSAGE_TYPE = "a JSON object without a message type"
TAP_BATCH_MESSAGE = "a BATCH message, which the sandbox does not support"
TAP_NOT_FOUND = "There is no {} on PATH."
INSTALL_PSYCOPG = r"pip install 'stitchnb\[postgres\]'"

# Warehouses
NOTHING_LOADED = "Nothing was loaded into {}"
NOT_MADE_BY_A_LOAD = "Table {} exists, but was not made by a load. Rename or drop it, then start the job again."
FILE_IN_USE = "is in use by another process"
LOCKED = "Another connection held a lock for more than 0.2 seconds"
