"""Stand in for a part of Jupyter that builds 38 parsers on import, more than a second of CPU in every process.

jsonschema loads it with itself for the formats "iri" and "iri-reference", and does without where it is missing, as in
every installation without Jupyter. Nothing here uses these formats.
"""

raise ImportError("tests do without rfc3987_syntax")
