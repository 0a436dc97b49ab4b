from django.urls import path

from projects.views import history, projects, requests, team

app_name = "projects"
P = "projects/<uuid:project_id>/"
urlpatterns = [
    # people
    path(f"{P}team/", team.team, name="team"),
    path(f"{P}team/invite/", team.invite, name="invite"),
    path(f"{P}team/invitations/<uuid:invitation_id>/withdraw/", team.invitation_withdraw, name="invitation_withdraw"),
    path(f"{P}team/invitations/<uuid:invitation_id>/renew/", team.invitation_renew, name="invitation_renew"),
    path(f"{P}team/members/<uuid:membership_id>/", team.membership_until, name="membership_until"),
    path(f"{P}team/members/<uuid:membership_id>/end/", team.membership_end, name="membership_end"),
    path("invitations/", team.invitation_code, name="invitation_code"),
    path("invitations/<slug:token>/", team.invitation, name="invitation"),
    path("invitations/<slug:token>/accept/", team.invitation_accept, name="invitation_accept"),
    # projects
    path("requests/", requests.requests, name="requests"),
    path("requests/new/", requests.request_new, name="request_new"),
    path("requests/<uuid:request_id>/accept/", requests.request_accept, name="request_accept"),
    path("requests/<uuid:request_id>/decline/", requests.request_decline, name="request_decline"),
    path(f"{P}edit/", projects.project_edit, name="project_edit"),
    path(f"{P}suspend/", projects.project_suspend, name="project_suspend"),
    path(f"{P}resume/", projects.project_resume, name="project_resume"),
    path(f"{P}cancel/", projects.project_cancel, name="project_cancel"),
    path(f"{P}close/", projects.project_close, name="project_close"),
    path(f"{P}reopen/", projects.project_reopen, name="project_reopen"),
    path(f"{P}steps/<int:number>/done/", projects.step_done, name="step_done"),
    path(f"{P}steps/<int:number>/undone/", projects.step_undone, name="step_undone"),
    path(f"{P}history/", history.history, name="history"),
]
