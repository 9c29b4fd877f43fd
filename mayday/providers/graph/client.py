"""Microsoft Graph: who we are there, and the client that all of its adapters share.

Meetings and events are made as the application. Messages in a channel only a person may post (Graph gives application
permissions for that to migrations alone): `login_as_person` is for those.
"""

from __future__ import annotations

from pydantic import Field, SecretStr

from mayday.providers.auth import Auth, ClientCredentials
from mayday.providers.client import VendorClient, checked_base_url
from mayday.providers.offers import VendorModel, VendorSettings, secret

__all__ = ["GraphLogin", "graph_client", "login_as_application", "login_as_person"]

VERSION = "v1.0"


class GraphLogin(VendorModel):
    """Settings that every use of Graph needs."""

    tenant: str = Field(description="Directory (tenant) id")
    client_id: str = Field(description="Application (client) id of the app registration")
    client_secret: SecretStr = Field(description="Its client secret")
    url: str = Field(default="https://graph.microsoft.com", description="Address of Graph; national clouds have others")
    login_url: str = Field(default="https://login.microsoftonline.com", description="Address of the sign-in service")


def graph_client(given: VendorSettings, settings: GraphLogin, auth: Auth | None = None) -> VendorClient:
    """A client of `{url}/v1.0`, as the application unless `auth` says otherwise."""
    return given.client(f"{settings.url.rstrip('/')}/{VERSION}", auth or login_as_application(given.name, settings))


def login_as_application(provider: str, settings: GraphLogin) -> ClientCredentials:
    """Application permissions: client credentials for everything that was consented to."""
    return _login(provider, settings, {"scope": f"{settings.url.rstrip('/')}/.default"})


def login_as_person(provider: str, settings: GraphLogin, refresh_token: str) -> ClientCredentials:
    """Delegated permissions of the person whose refresh token this is. Entra lets it be used more than once."""
    return _login(provider, settings, {
        "grant_type": "refresh_token", "refresh_token": refresh_token,
        "scope": f"{settings.url.rstrip('/')}/.default offline_access",
    })  # fmt: skip


def _login(provider: str, settings: GraphLogin, more: dict[str, str]) -> ClientCredentials:
    base = checked_base_url(provider, settings.login_url)
    token_url = f"{base}/{settings.tenant}/oauth2/v2.0/token"
    return ClientCredentials(provider, token_url, settings.client_id, secret(settings.client_secret), more=more)
