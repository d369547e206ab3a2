"""Addresses of the account pages, under /compte/."""

from django.urls import path

from portevoix.web.accounts import views

app_name = "accounts"
urlpatterns = [
    path("connexion", views.SignIn.as_view(), name="sign-in"),
    path("deconnexion", views.SignOut.as_view(), name="sign-out"),
    path("preferences", views.Preferences.as_view(), name="preferences"),
    path("theme", views.theme, name="theme"),
    path("langue", views.language, name="language"),
    path("mot-de-passe", views.ChangePassword.as_view(), name="password"),
    path("mot-de-passe/oublie", views.Forgotten.as_view(), name="forgotten"),
    path("mot-de-passe/envoye", views.ForgottenSent.as_view(), name="forgotten-sent"),
    path("mot-de-passe/<uidb64>/<token>", views.NewPassword.as_view(), name="new-password"),
]
