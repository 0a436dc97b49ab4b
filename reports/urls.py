from django.urls import path

from reports import views

app_name = "reports"
urlpatterns = [
    path("projects/<uuid:project_id>/deliverables/", views.deliverables, name="deliverables"),
    path("projects/<uuid:project_id>/deliverables/request/", views.report_request, name="report_request"),
    path(
        "projects/<uuid:project_id>/deliverables/<uuid:report_id>/progress/",
        views.report_progress,
        name="report_progress",
    ),
    path("projects/<uuid:project_id>/deliverables/<uuid:report_id>/again/", views.report_again, name="report_again"),
    path(
        "projects/<uuid:project_id>/deliverables/<uuid:report_id>/release/", views.report_release, name="report_release"
    ),
    path("projects/<uuid:project_id>/deliverables/<uuid:report_id>/file/", views.report_file, name="report_file"),
    path("projects/<uuid:project_id>/deliverables/<str:kind>/texts/", views.editorial, name="editorial"),
    path("projects/<uuid:project_id>/release/", views.release, name="release"),
]
