"""The pages of one's own access tokens."""

from __future__ import annotations

from access.table import Role
from accounts.models import AccessToken
from tests.frontend.account.test_security import unconfirm
from tests.frontend.visitor import Page, Visitor
from tests.keys import personal
from tests.people import make_member, make_project, make_user
from tests.registry_api.client import PASSWORD


def secret_of(text: str) -> str:
    return next(found["data-copy"] for _tag, found in Page(text).tags if "data-copy" in found)


def test_a_token_is_made_for_pulling_from_one_project_and_shown_once(visitor: Visitor):
    project = make_project()
    user = make_member(project, Role.DEVELOPER, password=PASSWORD)
    visitor.sign_in(user.username, PASSWORD)
    typed = {"name": "ci", "purpose": "pull", "places": f"{project.name}/app-*", "days": "30"}
    made = visitor.send("/me/tokens/new", typed)
    assert made.status_code == 200
    token = AccessToken.objects.get(user=user)
    assert token.allowances is not None
    assert token.expires_at is not None
    given = token.allowances[0]
    assert (given["project"], given["repositories"]) == (project.pk, ["app-*"])
    assert "repository:pull" in given["permissions"]
    assert "repository:push" not in given["permissions"]
    assert (token.expires_at - token.created_at).days == 30
    assert f"docker login 127.0.0.1:5000 -u {user.username}" in made.text
    listed = visitor.get("/me/tokens").text
    assert secret_of(made.text) not in listed
    assert f"{project.name}/app-*" in listed


def test_everything_has_to_be_said(ann: Visitor):
    ann.send("/me/tokens/new", {"name": "all", "purpose": "all", "days": ""})
    assert AccessToken.objects.get(user=ann.user).allowances is None
    assert "all that you may do" in ann.page("/me/tokens").text


def test_mistakes_stand_beside_their_fields_with_what_was_typed(ann: Visitor):
    hidden = make_project()
    for typed, told in (
        ({"name": " ", "purpose": "pull", "days": ""}, "Give it a name"),
        ({"name": "a", "purpose": "pull", "days": "", "places": hidden.name}, f"No project '{hidden.name}'"),
        ({"name": "a", "purpose": "pull", "days": "9999"}, "Choose one of those on the list"),
        ({"name": "a", "purpose": "pull", "days": "", "networks": "nonsense"}, "nonsense"),
        ({"name": "a", "purpose": "all", "days": "", "places": "team"}, "for no single place"),
    ):
        answer = ann.send("/me/tokens/new", typed)
        assert answer.status_code == 422, typed
        assert told in Page(answer.text).text
    assert not AccessToken.objects.filter(user=ann.user).exists()


def test_a_name_that_is_taken_is_told_and_nothing_is_made(ann: Visitor):
    typed = {"name": "<script>alert(1)</script>", "purpose": "pull", "days": ""}
    ann.send("/me/tokens/new", typed)
    answer = ann.send("/me/tokens/new", typed)
    assert answer.status_code == 422
    assert "already" in Page(answer.text).text
    assert "<script>alert" not in ann.get("/me/tokens").text


def test_a_token_is_revoked_after_a_question(ann: Visitor):
    ann.send("/me/tokens/new", {"name": "ci", "purpose": "push", "days": ""})
    token = AccessToken.objects.get(user=ann.user)
    path = f"/me/tokens/{token.pk}/revoke"
    assert "Revoke the token" in ann.page(path).text
    assert AccessToken.objects.filter(pk=token.pk).exists()
    assert ann.send(path, {}).headers["Location"] == "/me/tokens?done=revoked"
    assert not AccessToken.objects.filter(pk=token.pk).exists()
    assert ann.get(path).status_code == 404


def test_the_token_of_somebody_else_is_not_there(ann: Visitor):
    other = personal(make_user()).principal
    assert ann.get(f"/me/tokens/{other.key_id}/revoke").status_code == 404


def test_who_proved_himself_long_ago_confirms_before_he_fills_the_form_in(ann: Visitor):
    unconfirm(ann.user)
    answer = ann.get("/me/tokens/new")
    assert answer.headers["Location"] == "/auth/confirm?next=%2Fme%2Ftokens%2Fnew"


def test_a_form_that_came_too_late_leads_back_to_it(ann: Visitor):
    token = ann.page("/me/tokens/new").form("/me/tokens/new").fields["csrfmiddlewaretoken"]
    unconfirm(ann.user)
    answer = ann.http.post(
        "/me/tokens/new",
        data={"name": "ci", "csrfmiddlewaretoken": token},
        headers={"Origin": str(ann.http.base_url).rstrip("/")},
    )
    assert answer.headers["Location"] == "/auth/confirm?next=%2Fme%2Ftokens%2Fnew"
