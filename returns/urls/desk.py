"""Returns for staff (/returns/…)."""

from django.urls import path

from returns.views import desk

app_name = "returns"

urlpatterns = [
    path("", desk.return_list, name="list"),
    path("review/", desk.review, name="review"),
    path("holds/<int:pk>/decision/", desk.hold_decision, name="hold_decision"),
    path("<str:number>/", desk.detail, name="detail"),
    path("<str:number>/approval/", desk.approval, name="approval"),
    path("<str:number>/rejection/", desk.rejection, name="rejection"),
    path("<str:number>/question/", desk.question, name="question"),
    path("<str:number>/cancellation/", desk.cancellation, name="cancellation"),
    path("<str:number>/label/<int:parcel>/", desk.label, name="label"),
    path("<str:number>/photos/<uuid:ref>/", desk.photo, name="photo"),
]
