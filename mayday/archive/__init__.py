"""What outlives Temporal's retention: an incident's histories, plan, timeline and texts, each with its digest.

`dossier` is the shape, `export_file` the file, `collecting` makes one, `tape` and everything after it reads one again:
replays, moments, scenarios, what-ifs, lanes.
"""
