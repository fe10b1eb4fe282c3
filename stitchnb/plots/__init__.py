"""Pictures of an account: runs, rows and what is due, in the colours of the page, with words and a table each.

They are drawn by matplotlib (``pip install 'stitchnb[plots]'``), and nothing is asked of any other machine.
"""

from stitchnb.plots._fires import next_fire_times
from stitchnb.plots._picture import Picture
from stitchnb.plots._rows import rows_over_runs
from stitchnb.plots._runs import runs

__all__ = ["Picture", "next_fire_times", "rows_over_runs", "runs"]
