"""Work orders: what becomes of a report until the one who sent it has been answered.

==================  ==========================================================
:mod:`.states`      the states of an order, and which of them are open
:mod:`.model`       an order, its parts, whistles and calls; an event
:mod:`.table`       the transitions, as a table: from, to, permission, fields
:mod:`.fields`      what an action may be given, checked and made storable
:mod:`.guards`      what a transition needs beyond its place in the table
:mod:`.fold`        what an event changes: an order is the fold of its events
:mod:`.folding`     many events folded at once
:mod:`.machine`     check, then fold: :func:`.machine.apply`
:mod:`.intake`      a report becomes an order
:mod:`.rules`       limits and counts of a site, as a table
:mod:`.ladder`      what time does to an order: reminders, escalation, naming
:mod:`.notices`     who is told what
:mod:`.outcome`     an event with everything that is stored with it
:mod:`.supervision` supervision orders
:mod:`.record`      orders and events as plain records, and back
==================  ==========================================================

Knows neither SQL nor HTTP. An order has the number of its report.
"""
