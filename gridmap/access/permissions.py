"""Who may do what: the one table of actions and roles.

A new action is a member of :class:`Action` and a line of :data:`PERMISSIONS`; a test finds
an action without a line, and an HTTP route without an action. The guards of a case (who
handled it does not inspect it, a case is reopened once) stand with its state machine; here
stands only which role may do it at all. Where a role holds is its :class:`.scope.Scope`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from gridmap.access.roles import Role

__all__ = ["PERMISSIONS", "Action"]


class Action(StrEnum):
    """What can be done. ``ROOM.VERB``; the value is what documents and messages show."""

    PUBLIC_SEE = "public.see"
    REPORT_SUBMIT = "report.submit"
    REPORT_RECORD = "report.record"
    REPORT_LIST = "report.list"
    REPORT_READ = "report.read"
    REPORT_CLOSE = "report.close"
    REPORT_MOVE = "report.move"
    REPORT_IMPORT = "report.import"
    REPORT_PAUSE = "report.pause"
    PHOTO_SEE = "photo.see"

    ORDER_LIST = "order.list"
    ORDER_READ = "order.read"
    ORDER_COMMENT = "order.comment"
    ORDER_CONFIRM = "order.confirm"
    ORDER_REJECT = "order.reject"
    ORDER_MERGE = "order.merge"
    ORDER_SELF_HANDLE = "order.self_handle"
    ORDER_DISPATCH = "order.dispatch"
    ORDER_ACCEPT = "order.accept"
    ORDER_RETURN = "order.return"
    ORDER_START = "order.start"
    ORDER_RESOLVE = "order.resolve"
    ORDER_EXTEND = "order.extend"
    ORDER_EXTEND_APPROVE = "order.extend.approve"
    ORDER_EXTEND_APPROVE_AGAIN = "order.extend.approve_again"
    ORDER_BACKLOG = "order.backlog"
    ORDER_BACKLOG_APPROVE = "order.backlog.approve"
    ORDER_ESCALATE = "order.escalate"
    ORDER_LEAD = "order.lead"
    ORDER_INSPECT = "order.inspect"
    ORDER_CLOSE = "order.close"
    ORDER_RATE = "order.rate"
    ORDER_REOPEN = "order.reopen"

    WHISTLE_BLOW = "whistle.blow"
    WHISTLE_CALL = "whistle.call"
    WHISTLE_REPORT_IN = "whistle.report_in"
    WHISTLE_JUDGE = "whistle.judge"

    REVIEW_SEE = "review.see"
    REVIEW_ASK = "review.ask"
    REVIEW_CONVENE = "review.convene"
    REVIEW_RULE = "review.rule"

    SUPERVISION_READ = "supervision.read"
    SUPERVISION_ISSUE = "supervision.issue"
    SUPERVISION_ANSWER = "supervision.answer"
    SUPERVISION_CLOSE = "supervision.close"

    NUMBERS_SEE = "numbers.see"
    NUMBERS_ISSUE = "numbers.issue"
    NUMBERS_APPEAL = "numbers.appeal"
    NUMBERS_JUDGE_APPEAL = "numbers.appeal.judge"

    NOTICE_READ = "notice.read"
    NOTICE_WATCH = "notice.watch"

    MAP_SEE = "onemap.see"

    PLACE_EDIT = "place.edit"
    ROSTER_EDIT = "roster.edit"
    GROUND_EDIT = "ground.edit"
    RULES_IMPORT = "rules.import"
    EDITION_SEE = "edition.see"
    EDITION_CHECK = "edition.check"
    EDITION_DRAFT = "edition.draft"
    EDITION_PUBLISH = "edition.publish"

    USER_MANAGE = "user.manage"
    KEY_MANAGE = "key.manage"
    OUTGOING_MANAGE = "outgoing.manage"
    PERSONAL_READ = "personal.read"
    PERSONAL_LOG_READ = "personal.log.read"
    ANONYMISE = "anonymise"


R = Role
_EVERYBODY = frozenset(Role)
_STAFF = _EVERYBODY - {R.RESIDENT, R.DELEGATE}
# Grid, community, sub-district: the line that stands in the place.
_TERRITORY = frozenset({R.GRID_WORKER, R.GRID_LEAD, R.COMMUNITY_OFFICER, R.SUBDISTRICT_OFFICER})
# Who a report is sent to: a department's people, or the office of the place.
_HANDLING = _TERRITORY | {R.HANDLER}
# The centre of a sub-district confirms and sends on what stays within it.
_CENTRE = frozenset({R.DISPATCHER, R.SUBDISTRICT_OFFICER})
_DRAWING = frozenset({R.PLANNER})
_LEADING = frozenset({R.LEADER})
_WATCHING = frozenset({R.SUPERVISOR})
_ADMIN = frozenset({R.ADMIN})

# The administrator keeps the service going and may put right what others did. What is a
# person's own stays with that person: to rate, to whistle, to report in, and to read whom a
# report names.
PERMISSIONS: Mapping[Action, frozenset[Role]] = {
    Action.PUBLIC_SEE: _EVERYBODY,
    Action.REPORT_SUBMIT: _EVERYBODY,
    # For somebody else, or of an earlier time: the hotline's and the counter's entries.
    Action.REPORT_RECORD: _TERRITORY | {R.DISPATCHER} | _ADMIN,
    Action.REPORT_LIST: _STAFF,
    Action.REPORT_READ: _STAFF,
    Action.REPORT_CLOSE: _TERRITORY | {R.DISPATCHER} | _ADMIN,
    Action.REPORT_MOVE: _DRAWING | {R.DISPATCHER} | _ADMIN,
    Action.REPORT_IMPORT: _DRAWING | {R.DISPATCHER} | _ADMIN,
    # The clock stands still: as good as an extension.
    Action.REPORT_PAUSE: _LEADING | {R.DISPATCHER} | _ADMIN,
    # To add one is part of sending a report, and of commenting on its order.
    Action.PHOTO_SEE: _STAFF - {R.PLACE_EDITOR, R.PLANNER},
    Action.ORDER_LIST: _STAFF,
    Action.ORDER_READ: _STAFF,
    Action.ORDER_COMMENT: _STAFF - {R.PLACE_EDITOR},
    Action.ORDER_CONFIRM: _CENTRE | {R.COMMUNITY_OFFICER} | _ADMIN,
    Action.ORDER_REJECT: _CENTRE | {R.COMMUNITY_OFFICER} | _ADMIN,
    Action.ORDER_MERGE: _CENTRE | {R.COMMUNITY_OFFICER} | _ADMIN,
    Action.ORDER_SELF_HANDLE: frozenset({R.GRID_WORKER, R.GRID_LEAD, R.COMMUNITY_OFFICER}),
    Action.ORDER_DISPATCH: _CENTRE | _ADMIN,
    Action.ORDER_ACCEPT: _HANDLING | _ADMIN,
    # The centre also enters what a body tells it by telephone.
    Action.ORDER_RETURN: _HANDLING | {R.DISPATCHER} | _ADMIN,
    Action.ORDER_START: _HANDLING | _ADMIN,
    Action.ORDER_RESOLVE: _HANDLING | _ADMIN,
    Action.ORDER_EXTEND: _HANDLING | _ADMIN,
    # The first by the shift leader of the centre; every further one by a leader.
    Action.ORDER_EXTEND_APPROVE: _LEADING | {R.DISPATCHER} | _ADMIN,
    Action.ORDER_EXTEND_APPROVE_AGAIN: _LEADING | _ADMIN,
    Action.ORDER_BACKLOG: _HANDLING | {R.DISPATCHER} | _ADMIN,
    Action.ORDER_BACKLOG_APPROVE: _LEADING | {R.DISPATCHER} | _ADMIN,
    Action.ORDER_ESCALATE: _TERRITORY | {R.DISPATCHER} | _ADMIN,
    # A leader takes a case into their own hands.
    Action.ORDER_LEAD: _LEADING | _ADMIN,
    Action.ORDER_INSPECT: _TERRITORY | _WATCHING | {R.DISPATCHER} | _ADMIN,
    Action.ORDER_CLOSE: _TERRITORY | {R.DISPATCHER} | _ADMIN,
    # By the one who asked; staff enter what is said at the call-back.
    Action.ORDER_RATE: _TERRITORY | {R.RESIDENT, R.DELEGATE, R.DISPATCHER},
    Action.ORDER_REOPEN: _WATCHING | {R.DISPATCHER} | _ADMIN,
    # Whistles: the street, the community's grid workers, residents and delegates.
    Action.WHISTLE_BLOW: _TERRITORY | {R.RESIDENT, R.DELEGATE},
    Action.WHISTLE_CALL: _CENTRE,
    Action.WHISTLE_REPORT_IN: frozenset({R.HANDLER, R.SUBDISTRICT_OFFICER}),
    Action.WHISTLE_JUDGE: _WATCHING | {R.DISPATCHER} | _ADMIN,
    Action.REVIEW_SEE: _STAFF,
    Action.REVIEW_ASK: _HANDLING | _CENTRE | _LEADING | _ADMIN,
    Action.REVIEW_CONVENE: _CENTRE | _LEADING | _ADMIN,
    Action.REVIEW_RULE: _LEADING | {R.DISPATCHER} | _ADMIN,
    Action.SUPERVISION_READ: _STAFF - {R.PLACE_EDITOR, R.GRID_WORKER},
    Action.SUPERVISION_ISSUE: _WATCHING | _LEADING | _ADMIN,
    Action.SUPERVISION_ANSWER: frozenset({R.HANDLER, R.SUBDISTRICT_OFFICER, R.COMMUNITY_OFFICER}),
    Action.SUPERVISION_CLOSE: _WATCHING | _LEADING | _ADMIN,
    Action.NUMBERS_SEE: _STAFF - {R.PLACE_EDITOR},
    Action.NUMBERS_ISSUE: _WATCHING | _LEADING | {R.DISPATCHER} | _ADMIN,
    Action.NUMBERS_APPEAL: frozenset({R.HANDLER, R.SUBDISTRICT_OFFICER, R.COMMUNITY_OFFICER}),
    Action.NUMBERS_JUDGE_APPEAL: _WATCHING | _LEADING | _ADMIN,
    Action.NOTICE_READ: _STAFF,
    # What could not be delivered, and to whom.
    Action.NOTICE_WATCH: frozenset({R.DISPATCHER}) | _ADMIN,
    # The map of everything, and the party map as staff see it.
    Action.MAP_SEE: _STAFF,
    Action.PLACE_EDIT: frozenset({R.PLACE_EDITOR, R.COMMUNITY_OFFICER, R.SUBDISTRICT_OFFICER})
    | _ADMIN,
    Action.ROSTER_EDIT: frozenset({R.PLACE_EDITOR, R.COMMUNITY_OFFICER, R.SUBDISTRICT_OFFICER})
    | _ADMIN,
    Action.GROUND_EDIT: _DRAWING | _ADMIN,
    Action.RULES_IMPORT: _DRAWING | {R.DISPATCHER} | _ADMIN,
    # Drafts, imports, and the codes that were given up.
    Action.EDITION_SEE: _STAFF,
    Action.EDITION_CHECK: _DRAWING | _WATCHING | _LEADING | {R.DISPATCHER} | _ADMIN,
    Action.EDITION_DRAFT: _DRAWING | _ADMIN,
    Action.EDITION_PUBLISH: _DRAWING | _ADMIN,
    Action.USER_MANAGE: _ADMIN,
    Action.KEY_MANAGE: _ADMIN,
    Action.OUTGOING_MANAGE: _ADMIN,
    # Only while the report is theirs to handle, each time with a reason, and logged.
    Action.PERSONAL_READ: _HANDLING | {R.DISPATCHER},
    Action.PERSONAL_LOG_READ: _WATCHING | _ADMIN,
    Action.ANONYMISE: _ADMIN,
}
