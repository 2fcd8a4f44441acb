"""What is in a file, and what is wrong with it: a report that a manager reads before an import.

`services.profile_source` is the verb. gathering (all rows, in bounded memory) -> findings (faults with severity and remedy) ->
drawing (charts as SVG) -> page (one HTML file that loads nothing).
"""
