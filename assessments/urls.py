from django.urls import path

from assessments.views import (
    answers,
    comparisons,
    evidence,
    findings,
    observations,
    others,
    projects,
    questions,
    recommendations,
    searching,
    sheets,
    signatures,
    strategy,
    submissions,
    teamwork,
    threads,
    uploads,
    validation,
)

app_name = "assessments"

P = "projects/<uuid:project_id>/"
S = P + "sheets/<slug:instrument>/"
Q = S + "questions/<str:question>/"
A = S + "answers/<str:question>/"
E = S + "evidence/<uuid:evidence_id>/"
L = P + "levers/<str:lever>/"
R = P + "recommendations/<uuid:recommendation_id>/"

urlpatterns = [
    # Projects
    path("", projects.home, name="home"),
    path("projects/", projects.portfolio, name="portfolio"),
    path("projects/new/", projects.project_new, name="project_new"),
    path(P, projects.project_detail, name="project_detail"),
    # The questionnaire, section by section
    path(P + "questionnaire/", sheets.questionnaire, name="questionnaire"),
    path(P + "questionnaire/find/", searching.questions_find, name="questions_find"),
    path(P + "questionnaire/seen/", searching.questions_seen, name="questions_seen"),
    path(S + "sections/<str:section_code>/", sheets.section, name="section"),
    path(A, answers.answer_save, name="answer_save"),
    # A question, and what stands beside its answer
    path(Q, questions.question, name="question"),
    path(Q + "restore/", questions.answer_restore, name="answer_restore"),
    path(Q + "propose/", others.proposal_add, name="proposal_add"),
    path(Q + "differ/", others.view_add, name="view_add"),
    path(Q + "others/<uuid:other_id>/confirm/", others.proposal_confirm, name="proposal_confirm"),
    path(Q + "others/<uuid:other_id>/withdraw/", others.other_withdraw, name="other_withdraw"),
    path(S + "take-over/", others.answers_take_over, name="answers_take_over"),
    # Evidence
    path(A + "evidence/", evidence.evidence_add, name="evidence_add"),
    path(A + "uploads/", uploads.upload_start, name="upload_start"),
    path(S + "uploads/", uploads.upload_list, name="upload_list"),
    path(S + "uploads/<uuid:upload_id>/", uploads.upload_chunk, name="upload_chunk"),
    path(S + "uploads/<uuid:upload_id>/give-up/", uploads.upload_give_up, name="upload_give_up"),
    path(S + "evidence/", evidence.evidence_register, name="evidence_register"),
    path(S + "evidence/use/", evidence.evidence_use, name="evidence_use"),
    path(E, evidence.evidence_file, name="evidence_file"),
    path(E + "view/", evidence.evidence_view, name="evidence_view"),
    path(E + "details/", evidence.evidence_piece, name="evidence_piece"),
    path(E + "answers/<str:question>/pages/", evidence.evidence_pages, name="evidence_pages"),
    path(E + "answers/<str:question>/remove/", evidence.evidence_remove, name="evidence_remove"),
    # Among the team
    path(S + "assignments/", teamwork.assignments, name="assignments"),
    path(Q + "threads/", threads.thread_open, name="thread_open"),
    path(Q + "threads/<uuid:thread_id>/reply/", threads.thread_reply, name="thread_reply"),
    path(Q + "threads/<uuid:thread_id>/assign/", threads.thread_assign, name="thread_assign"),
    path(Q + "threads/<uuid:thread_id>/resolve/", threads.thread_resolve, name="thread_resolve"),
    path(Q + "threads/<uuid:thread_id>/reopen/", threads.thread_reopen, name="thread_reopen"),
    path(Q + "mark/", threads.mark, name="mark"),
    path(Q + "unmark/", threads.unmark, name="unmark"),
    # The questionnaire’s way to the experts
    path(S + "sign-sections/", signatures.sections_sign, name="sections_sign"),
    path(S + "sign-sections/ask/", signatures.sections_ask, name="sections_ask"),
    path(S + "document/", submissions.sheet_document, name="sheet_document"),
    path(S + "missing/", submissions.sheet_missing, name="sheet_missing"),
    path(S + "send/", submissions.sheet_send, name="sheet_send"),
    path(S + "take-back/", submissions.sheet_take_back, name="sheet_take_back"),
    path(S + "sign/", submissions.sheet_sign, name="sheet_sign"),
    path(S + "sign/paper/", submissions.sheet_sign_paper, name="sheet_sign_paper"),
    path(S + "submissions/compare/", comparisons.submissions_compare, name="submissions_compare"),
    path(S + "submissions/<uuid:submission_id>/scan/", submissions.submission_scan, name="submission_scan"),
    path(S + "return/", submissions.sheet_return, name="sheet_return"),
    path(S + "accept/", submissions.sheet_accept, name="sheet_accept"),
    # The desk: the experts' list and desk, what they write, and the findings
    path(P + "validation/", validation.validation, name="validation"),
    path(P + "validation/<str:question>/", validation.validate, name="validate"),
    path(L + "observations/add/", observations.observation_add, name="observation_add"),
    path(P + "observations/<uuid:observation_id>/", observations.observation_edit, name="observation_edit"),
    path(P + "observations/<uuid:observation_id>/remove/", observations.observation_remove, name="observation_remove"),
    path(L + "recommendations/add/", recommendations.recommendation_add, name="recommendation_add"),
    path(
        L + "recommendations/adopt/<int:from_level>/",
        recommendations.recommendation_adopt,
        name="recommendation_adopt",
    ),
    path(R, recommendations.recommendation_edit, name="recommendation_edit"),
    path(R + "remove/", recommendations.recommendation_remove, name="recommendation_remove"),
    path(P + "strategy/", strategy.strategy, name="strategy"),
    path(P + "strategy/aims/add/", strategy.aim_add, name="aim_add"),
    path(P + "strategy/aims/<uuid:aim_id>/", strategy.aim_edit, name="aim_edit"),
    path(P + "strategy/aims/<uuid:aim_id>/remove/", strategy.aim_remove, name="aim_remove"),
    path(P + "sources/add/", strategy.source_add, name="source_add"),
    path(P + "sources/<uuid:source_id>/remove/", strategy.source_remove, name="source_remove"),
    path(P + "findings/", findings.findings, name="findings"),
    path(P + "findings/<str:question>/respond/", findings.respond, name="respond"),
]
