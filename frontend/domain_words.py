"""The forms of what the domain says on pages, for frontend.messages: as they stand in its source, each place for a value named.

Names out of frontend.messages.WORDS stand for words of ours, which are translated too. A test looks whether each is still said.
"""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_noop as _

ROLES: Final = (
    _("project admin"),
    _("maintainer"),
    _("developer"),
    _("guest"),
    _("limited guest"),
)
EXPLAINED: Final = (
    _("nobody has signed in"),
    _("the account is active"),
    _("the account is active, its key is gone or has expired"),
    _("the account is deleted"),
    _("the account is disabled%(by)s"),
    _(" by an administrator"),
    _(" because the directory has this person no more"),
    _("the robot is active"),
    _("the robot is disabled"),
    _("the robot has expired"),
    _("a system administrator"),
    _("an auditor"),
    _("not %(what)s"),
    _("the project is public"),
    _("the project is private"),
    _("no direct role in the project"),
    _("in no group that is a member of the project"),
    _("%(role)s of the project"),
    _("in group '%(group)s', which is %(role)s"),
    _("nothing above gives it: %(needs)s"),
    _("project '%(project)s' is deleted"),
)
RIGHTS: Final = (
    _("needs the role %(role)s in the project"),
    _("needs a system administrator"),
    _("%(permission)s needs the role %(role)s in the project"),
    _("%(permission)s needs a system administrator"),
    _("no project '%(project)s'"),
    _("no project '%(project)s'. Did you mean '%(near)s'?"),
    _("not allowed in project '%(project)s': %(permission)s %(needs)s"),
    _("this needs a system administrator (%(permission)s)"),
    _(
        "'%(action)s' is nothing one may do: write pull, push, delete, or a permission such as tag:delete "
        "(docs/permissions.md lists them)"
    ),
    _("this takes the last project admin of %(project)s away: name another one there first"),
    _("your rights have changed a moment ago: sign in again"),
    _("your rights have changed this very moment: sign in again"),
    _("the session has ended: sign in again"),
    _("this is about a person's account, which robots have not: ask with a user's name"),
)
ACCOUNTS: Final = (
    _("an e-mail address has at most %(most)s characters"),
    _("that is not an e-mail address"),
    _("a full name has at most %(most)s characters and no control characters"),
    _(
        "the name and e-mail address of '%(name)s' come from %(where)s: change them there, or make the account a local one "
        "(wharf user migrate %(name2)s --to local)"
    ),
    _("the directory"),
    _("the OpenID Connect provider"),
    _("an administrator"),
    _("'%(name)s' has no password here: it is changed where %(where)s keeps it"),
    _("the present password is another one: nothing was changed"),
    _("the new password is the old one: choose another"),
    _("the password cannot be used: %(what)s"),
    _("the secret cannot be used: %(what)s"),
    _("at least %(least)s characters are needed"),
    _("it is one of the most common ones, which are guessed first"),
    _("it is too much like the %(kind)s"),
    _("user name"),
    _("e-mail address"),
    _("full name"),
    _("a token's name has 1 to %(most)s characters and no control characters"),
    _("%(name)s is what the CLI secret is called: choose another name"),
    _("say what the token is for: permissions, in the system or in projects"),
    _("there is a token named %(name)s already: revoke it first, or choose another name"),
    _("'%(name)s' has no access token with the id %(id)s"),
    _("no access token %(name)s: it may be revoked already"),
    _("'%(name)s' has no session %(id)s: it may have ended by itself"),
    _("a key may live 1 to %(days)s days%(for_ever)s"),
    _(
        "nobody has more than %(most)s access tokens: revoke some that are not needed, %(expired)s of these have expired"
    ),
    _("too many passwords are being checked: try again in a moment"),
    _("these credentials cannot be checked now: try again in a moment"),
    _("'%(name)s' cannot be that: choose one of those on the page"),
)
CONTENTS: Final = (
    _("no repository '%(repository)s'"),
    _("repository %(repository)s is unknown"),
    _("%(tag)s is unknown in %(repository)s"),
    _("the tag exists already"),
    _("the tag has moved meanwhile"),
    _("a tag was set to it meanwhile: look again at what would go"),
    _("the tag %(tag)s of %(repository)s never pointed at %(digest)s"),
    _("what the tag %(tag)s named is gone from %(repository)s, or it never named it"),
    _("the tag does not point at the expected digest"),
    _("immutable tag, it cannot be moved or deleted: %(tags)s"),
    _("the artifact has the label '%(label)s' already"),
    _("the manifest is part of the index %(digest)s: delete the index first"),
    _(
        "the registry is in read-only mode: pulls go on, pushes and deletions do not; try again later, or ask an administrator "
        "when it will be writable"
    ),
)
REFUSED: Final = (
    _("the database is not available: try again in a moment"),
    _("nothing was chosen: choose on the page, and send the form once more"),
    _("too many requests: %(who)s may make %(number)s a minute, try again in %(seconds)s seconds"),
    _(
        "too many attempts from your network did not succeed: try again in %(seconds)s seconds, or use an access token or a "
        "generated secret, which need not wait"
    ),
)
JOBS: Final = (
    _("no job %(number)s"),
    _("'%(job)s' is under way already: see job %(number)s, or stop it first"),
    _("job %(number)s is for %(person)s alone, who can start it anew"),
    _("job %(number)s has not ended: stop it first"),
    _("no item of job %(number)s has failed: retry the whole job instead"),
    _("a filter is called by 1 to %(most)s characters"),
    _("this filter is too long to be kept"),
    _("%(most)s filters are kept for you: delete one first"),
    _("there is no such filter of yours"),
    _("this is no list whose filters can be kept"),
    _("sign in to see your jobs"),
    _("sign in to keep filters"),
    _("the form was changed on its way: open the page again"),
    _("the page was open for too long: look again at what would go"),
)
FORMS: Final = (*ROLES, *EXPLAINED, *RIGHTS, *ACCOUNTS, *CONTENTS, *REFUSED, *JOBS)
