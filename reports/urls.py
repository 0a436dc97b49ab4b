from django.urls import path

from reports.views import copies, imports, receipts, reports

app_name = "reports"

P = "projects/<uuid:project_id>/"
C = P + "questionnaire/copies/"
R = P + "receipts/<int:number>/"
D = P + "deliverables/"

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
    path(R, receipts.receipt, name="receipt"),
    path(R + "request/", receipts.receipt_request, name="receipt_request"),
    path(R + "progress/", receipts.receipt_progress, name="receipt_progress"),
    path(P + "receipts/<uuid:receipt_id>/file/", receipts.receipt_file, name="receipt_file"),
    # The deliverables
    path(D, reports.deliverables, name="deliverables"),
    path(D + "request/", reports.report_request, name="report_request"),
    path(D + "<uuid:report_id>/progress/", reports.report_progress, name="report_progress"),
    path(D + "<uuid:report_id>/again/", reports.report_again, name="report_again"),
    path(D + "<uuid:report_id>/release/", reports.report_release, name="report_release"),
    path(D + "<uuid:report_id>/file/", reports.report_file, name="report_file"),
    path(D + "<str:kind>/texts/", reports.editorial, name="editorial"),
    path(P + "release/", reports.release, name="release"),
]
