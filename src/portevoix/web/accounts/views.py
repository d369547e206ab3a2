"""Sign-in, sign-out, passwords and preferences. Django's own views carry the work."""

from typing import Any

from django.conf import settings
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_not_required
from django.contrib.messages.views import SuccessMessageMixin
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils import translation
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from django.views.generic import UpdateView

from portevoix.web.accounts import forms, guard
from portevoix.web.accounts.models import User
from portevoix.web.accounts.signin import account_key, told_to_wait


class SignIn(auth_views.LoginView):
    """The sign-in page."""

    template_name = "accounts/sign_in.html"
    authentication_form = forms.SignInForm
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Adds whether a session has just ended."""
        return {**super().get_context_data(**kwargs), "session_over": "fin" in self.request.GET}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Look at the password, unless this address has to wait."""
        if seconds := guard.wait(request, account_key(request, None)):
            return told_to_wait(request, seconds)
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        """Open the session and let the pages of the sign-in screen speak the person's language next time."""
        response = super().form_valid(form)
        _remember_language(response, form.get_user().language)
        return response


class SignOut(auth_views.LogoutView):
    """Ends the session (POST only)."""


class ChangePassword(SuccessMessageMixin[forms.ChangePasswordForm], auth_views.PasswordChangeView):  # type: ignore[misc]
    """A new password, the old one known; other sessions of the account end."""

    template_name = "accounts/password_change.html"
    form_class = forms.ChangePasswordForm
    success_url = reverse_lazy("accounts:preferences")
    success_message = _("Votre mot de passe est changé.")


@method_decorator(login_not_required, name="dispatch")
class Forgotten(auth_views.PasswordResetView):
    """Asks for an address and sends the link; says the same whether or not the account exists."""

    template_name = "accounts/forgotten.html"
    email_template_name = "accounts/forgotten_mail.txt"
    subject_template_name = "accounts/forgotten_subject.txt"
    form_class = forms.ForgottenForm
    success_url = reverse_lazy("accounts:forgotten-sent")


@method_decorator(login_not_required, name="dispatch")
class ForgottenSent(auth_views.PasswordResetDoneView):
    """The link is on its way, if there is such an account."""

    template_name = "accounts/forgotten_sent.html"


@method_decorator(login_not_required, name="dispatch")
class NewPassword(SuccessMessageMixin[forms.NewPasswordForm], auth_views.PasswordResetConfirmView):  # type: ignore[misc]
    """Opened by the mailed link."""

    template_name = "accounts/new_password.html"
    form_class = forms.NewPasswordForm
    success_url = reverse_lazy("accounts:sign-in")
    success_message = _("Votre mot de passe est changé. Vous pouvez vous connecter.")


class Preferences(SuccessMessageMixin[forms.PreferencesForm], UpdateView[User, forms.PreferencesForm]):
    """One's own preferences; nobody else's can be reached from here."""

    template_name = "accounts/preferences.html"
    form_class = forms.PreferencesForm
    success_url = reverse_lazy("accounts:preferences")
    success_message = _("Vos préférences sont enregistrées.")

    def get_object(self, queryset: Any = None) -> User:  # noqa: ARG002
        """The person signed in."""
        assert isinstance(self.request.user, User)
        return self.request.user

    def form_valid(self, form: forms.PreferencesForm) -> HttpResponse:
        """Save, and answer in the language just chosen."""
        with translation.override(form.cleaned_data["language"]):
            response = super().form_valid(form)
        _remember_language(response, form.cleaned_data["language"])
        return response


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """The quick switch of the header: keeps the choice, answers nothing to paint."""
    assert isinstance(request.user, User)
    chosen = request.POST.get("theme", "")
    if chosen not in User.Theme.values:
        return HttpResponse(status=400)
    User.objects.filter(pk=request.user.pk).update(theme=chosen)
    return HttpResponse(status=204)


@login_not_required
@require_POST
def language(request: HttpRequest) -> HttpResponseBase:
    """Changes the language, for a signed-in person for good, and goes back to the page."""
    chosen = request.POST.get("language", "")
    if chosen not in dict(settings.LANGUAGES):
        return HttpResponse(status=400)
    back = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(
        back, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        back = "/"
    if request.user.is_authenticated:
        User.objects.filter(pk=request.user.pk).update(language=chosen)
    response = redirect(back)
    _remember_language(response, chosen)
    return response


def _remember_language(response: HttpResponse | HttpResponseRedirect, chosen: str) -> None:
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        chosen,
        max_age=365 * 86400,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
