"""Numbers: what the work orders of a time come to, and the monthly report made of them.

==================  ==========================================================
:mod:`.period`      a month or any stretch of time, and up to when it is known
:mod:`.tale`        an order as it stood when a period began and when it ended
:mod:`.sendings`    each sending to a lead, and what became of it
:mod:`.kpis`        the figures: who is counted, who is not, and why
:mod:`.counting`    marks counted together: by area, department, item
:mod:`.rules`       the tables of a site: deductions, rankings and their volume classes
:mod:`.deductions`  what costs points, each with its case
:mod:`.ranking`     places inside volume classes
:mod:`.problems`    what was carried over, what was corrected, what stands
:mod:`.monthly`     all figures of a month together, as plain values
:mod:`.appeals`     appeals against deductions, as the fold of what was said
:mod:`.charts`      drawings for the report
:mod:`.document`    the report as a page that prints
:mod:`.workbook`    the report as a workbook
==================  ==========================================================

An order is the fold of its events, so numbers fold them up to a moment: a month reads the same
whenever it is counted. Knows neither SQL nor HTTP.
"""
