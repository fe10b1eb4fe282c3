"""Pictures of an account: runs, rows and what is due, in the colours of the page, with words and a table each.

They are drawn by matplotlib (``pip install 'stitchnb[plots]'``), and nothing is asked of any other machine.
"""

from stitchnb._deprecated import renamed_names
from stitchnb.plots.figure import Figure
from stitchnb.plots.fire_times import next_fire_times
from stitchnb.plots.rows import rows_over_runs
from stitchnb.plots.runs import runs

__getattr__ = renamed_names(__name__, {"Picture": "Figure"})

__all__ = ["Figure", "next_fire_times", "rows_over_runs", "runs"]
