"""The pages of allauth that this site has: sign-in and -out, password change and reset. No sign-up."""

from allauth.account import views
from django.urls import path, re_path

from accounts.forms import ChangePasswordForm, ResetPasswordForm, ResetPasswordKeyForm
from accounts.views import SignOutView, login

change_password = views.PasswordChangeView.as_view(form_class=ChangePasswordForm)
reset_password = views.PasswordResetView.as_view(form_class=ResetPasswordForm)
reset_password_done = views.PasswordResetDoneView.as_view()
reset_password_from_key = views.PasswordResetFromKeyView.as_view(form_class=ResetPasswordKeyForm)

urlpatterns = [
    path("login/", login, name="account_login"),
    path("logout/", SignOutView.as_view(), name="account_logout"),
    path("password/change/", change_password, name="account_change_password"),
    path("password/reset/", reset_password, name="account_reset_password"),
    path("password/reset/done/", reset_password_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        reset_password_from_key,
        name="account_reset_password_from_key",
    ),
    path("password/reset/key/done/", views.password_reset_from_key_done, name="account_reset_password_from_key_done"),
]
