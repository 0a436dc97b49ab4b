from django.urls import path

from assessments.views import evidence, projects, sheets, submissions

app_name = "assessments"

P = "projects/<uuid:project_id>/"
S = P + "sheets/<slug:instrument>/"

urlpatterns = [
    # projects
    path("", projects.home, name="home"),
    path("projects/", projects.portfolio, name="portfolio"),
    path("projects/new/", projects.project_new, name="project_new"),
    path(P, projects.project_detail, name="project_detail"),
    # The questionnaire, section by section
    path(P + "questionnaire/", sheets.questionnaire, name="questionnaire"),
    path(S + "sections/<str:section_code>/", sheets.section, name="section"),
    path(S + "answers/<str:question>/", sheets.answer_save, name="answer_save"),
    path(S + "answers/<str:question>/evidence/", evidence.evidence_add, name="evidence_add"),
    path(S + "evidence/<uuid:evidence_id>/", evidence.evidence_file, name="evidence_file"),
    path(S + "evidence/<uuid:evidence_id>/remove/", evidence.evidence_remove, name="evidence_remove"),
    # Its way
    path(S + "document/", submissions.sheet_document, name="sheet_document"),
    path(S + "send/", submissions.sheet_send, name="sheet_send"),
    path(S + "take-back/", submissions.sheet_take_back, name="sheet_take_back"),
    path(S + "sign/", submissions.sheet_sign, name="sheet_sign"),
    path(S + "return/", submissions.sheet_return, name="sheet_return"),
    path(S + "accept/", submissions.sheet_accept, name="sheet_accept"),
]
