from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [
    path("profile/", views.profile, name="profile"),
    path("session/", views.session, name="session"),
    path("language/", views.set_language, name="set_language"),
]
