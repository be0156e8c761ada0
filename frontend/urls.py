"""Routes of the pages, one row each."""

from __future__ import annotations

from django.urls import path
from django.urls.resolvers import URLPattern

from frontend.views import auth, harbor, home, oidc

urlpatterns: list[URLPattern] = [
    path("", home.show, name="home"),
    path("favicon.ico", home.icon, name="icon"),
    path("static/<str:name>", home.asset, name="asset"),
    path("auth/login", auth.login, name="login"),
    path("auth/logout", auth.logout, name="logout"),
    path("auth/confirm", auth.confirm, name="confirm"),
    path("auth/register", auth.register, name="register"),
    path("auth/onboard", oidc.onboard, name="onboard"),
    path("c/oidc/login", oidc.login, name="oidc_login"),
    path("c/oidc/callback", oidc.callback, name="oidc_callback"),
    path("c/login", harbor.login, name="harbor_login"),
    path("c/log_out", harbor.log_out, name="harbor_log_out"),
]
