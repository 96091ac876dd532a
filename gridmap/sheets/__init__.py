"""Sheets for a wall or a pocket: service map, duty board, contact card, each of one place.

People come from the one roster and services from the one list, as the public may see them, so
that no two sheets disagree. Nothing here knows SQL or HTTP.

===================  ==============================================================
:mod:`.model`        what stands on a sheet: people, services, numbers to call
:mod:`.papers`       paper sizes and how they are divided
:mod:`.district`     all that sheets are taken from, with what lies where
:mod:`.content`      what the sheet of one estate or area holds
:mod:`.frame`        the piece of ground on the paper, at a round scale
:mod:`.markers`      numbered markers that do not cover each other
:mod:`.labels`       names that cover neither markers nor each other
:mod:`.drawing`      the map as SVG
:mod:`.page`         the sheet as HTML
:mod:`.printing`     the sheet as PDF
:mod:`.fingerprint`  what tells a sheet from what was printed before
:mod:`.folder`       a folder of sheets: made, gone on with, compared with today
===================  ==============================================================
"""
