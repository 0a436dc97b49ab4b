"""Composition only: each app's addresses under its own namespace."""

from django.urls import include, path

from readiness import health, metrics, offline

handler400 = "readiness.errors.bad_request"
handler403 = "readiness.errors.forbidden"
handler404 = "readiness.errors.not_found"
handler500 = "readiness.errors.server_error"

urlpatterns = [
    path("health/live", health.live, name="live"),
    path("health/ready", health.ready, name="ready"),
    path("metrics", metrics.metrics, name="metrics"),
    path("sw.js", offline.worker, name="worker"),
    path("offline/<str:language>/", offline.offline, name="offline"),
    path("accounts/", include("accounts.allauth_urls")),
    path("", include("accounts.urls")),
    path("", include("projects.urls")),
    path("", include("assessments.urls")),
    path("", include("reports.urls")),
]
