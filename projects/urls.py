from django.urls import path

from projects.views import team

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
]
