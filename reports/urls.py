from django.urls import path

from reports.views import copies, imports, receipts, reports

app_name = "reports"

P = "projects/<uuid:project_id>/"
C = P + "questionnaire/copies/"

urlpatterns = [
    # The questionnaire on paper and offline
    path(C, copies.copies, name="copies"),
    path(C + "request/", copies.copy_request, name="copy_request"),
    path(C + "<uuid:copy_id>/progress/", copies.copy_progress, name="copy_progress"),
    path(C + "<uuid:copy_id>/file/", copies.copy_file, name="copy_file"),
    path(C + "read/", imports.import_read, name="import_read"),
    path(C + "read/<uuid:import_id>/", imports.import_review, name="import_review"),
    path(C + "read/<uuid:import_id>/accept/", imports.import_accept, name="import_accept"),
    # Receipts of what was submitted
    path("projects/<uuid:project_id>/receipts/<int:number>/", receipts.receipt, name="receipt"),
    path("projects/<uuid:project_id>/receipts/<int:number>/request/", receipts.receipt_request, name="receipt_request"),
    path(
        "projects/<uuid:project_id>/receipts/<int:number>/progress/", receipts.receipt_progress, name="receipt_progress"
    ),
    path("projects/<uuid:project_id>/receipts/<uuid:receipt_id>/file/", receipts.receipt_file, name="receipt_file"),
    # The deliverables
    path("projects/<uuid:project_id>/deliverables/", reports.deliverables, name="deliverables"),
    path("projects/<uuid:project_id>/deliverables/request/", reports.report_request, name="report_request"),
    path(
        "projects/<uuid:project_id>/deliverables/<uuid:report_id>/progress/",
        reports.report_progress,
        name="report_progress",
    ),
    path("projects/<uuid:project_id>/deliverables/<uuid:report_id>/again/", reports.report_again, name="report_again"),
    path(
        "projects/<uuid:project_id>/deliverables/<uuid:report_id>/release/",
        reports.report_release,
        name="report_release",
    ),
    path("projects/<uuid:project_id>/deliverables/<uuid:report_id>/file/", reports.report_file, name="report_file"),
    path("projects/<uuid:project_id>/deliverables/<str:kind>/texts/", reports.editorial, name="editorial"),
    path("projects/<uuid:project_id>/release/", reports.release, name="release"),
]
