"""Who may see it and who may do it: the one place that answers both questions.

Every service call carries an :class:`Actor` with roles and where they hold. Every layer and
every field has a :class:`Visibility`; what is not declared is for staff. Every action has its
roles in :data:`PERMISSIONS`. Rooms above ask :func:`may_see`, :func:`redact` and
:func:`require_may`; nobody else compares roles.

=====================  =========================================================
:mod:`.roles`          the thirteen roles and the kinds of data each sees
:mod:`.scope`          areas and departments: where a role holds
:mod:`.actor`          who asks
:mod:`.account`        accounts and keys as lists show them
:mod:`.layers`         one table: layers and fields
:mod:`.visibility`     that table asked
:mod:`.permissions`    one table: actions and roles
:mod:`.deciding`       that table asked
=====================  =========================================================
"""

from gridmap.access.actor import Actor, Grant, role_named
from gridmap.access.deciding import may, reach, require_may
from gridmap.access.layers import LAYERS, LayerPolicy
from gridmap.access.permissions import PERMISSIONS, Action
from gridmap.access.roles import Role, Visibility
from gridmap.access.scope import ANYTHING, EVERYWHERE, Scope, Subject
from gridmap.access.visibility import (
    MIN_PUBLIC_COUNT,
    may_see,
    redact,
    require,
    visible_fields,
    visible_records,
    withhold_small,
)

__all__ = [
    "ANYTHING",
    "EVERYWHERE",
    "LAYERS",
    "MIN_PUBLIC_COUNT",
    "PERMISSIONS",
    "Action",
    "Actor",
    "Grant",
    "LayerPolicy",
    "Role",
    "Scope",
    "Subject",
    "Visibility",
    "may",
    "may_see",
    "reach",
    "redact",
    "require",
    "require_may",
    "role_named",
    "visible_fields",
    "visible_records",
    "withhold_small",
]
